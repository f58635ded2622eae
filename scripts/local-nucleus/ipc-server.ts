import { chmod, open, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { z } from 'zod';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import type { JsonObject } from './config-store.ts';
import { encodeMessage, messageFlags, messageTypes, readMessages, type RpcMessage } from './event-stream.ts';
import { IpcError, type IpcOperations } from './ipc-call.ts';

/** The longest path a unix socket can be bound to, or reached by, on Linux. */
export const maxSocketPathBytes = 107;

export type IpcServerOptions = {
  readonly path: string;
  readonly operations: IpcOperations;
  /** The component that has this token, or undefined when none does. */
  readonly authenticate: (token: string) => string | undefined;
  readonly onNote: (text: string) => void;
};

/** Greengrass IPC: event-stream RPC on a unix socket. */
export class IpcServer {
  readonly #options: IpcServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: IpcServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** @throws FescueError `failed-precondition` when the socket cannot be served */
  async start(): Promise<void> {
    const { path } = this.#options;
    await rm(path, { force: true });
    // Through an open folder the name is short, however long the folder's own is.
    const folder = Buffer.byteLength(path) > maxSocketPathBytes ? await open(dirname(path)) : undefined;
    try {
      this.#server.listen(folder === undefined ? path : `/proc/self/fd/${folder.fd}/${basename(path)}`);
      await once(this.#server, 'listening');
    } catch (error) {
      throw new FescueError('failed-precondition', `The IPC socket ${path} cannot be served: ${messageOf(error)}. Choose another --root.`, { cause: error });
    } finally {
      await folder?.close();
    }
    // As on a device, where components have users of their own; the token tells who is calling.
    await chmod(path, 0o666);
  }

  async stop(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    for (const socket of this.#sockets) socket.destroy();
    await closed.promise;
    // With a long path, the server only knows a name that leads nowhere by now.
    await rm(this.#options.path, { force: true });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const connection = new Connection(socket, this.#options);
    socket.on('error', (error) => this.#options.onNote(`IPC connection failed: ${error.message}`));
    socket.once('close', () => {
      this.#sockets.delete(socket);
      connection.closeStreams();
    });
  }
}

const connectPayload = z.object({ authToken: z.string() });

/** One client: its handshake, then its streams. */
class Connection {
  readonly #socket: Socket;
  readonly #options: IpcServerOptions;
  readonly #streams = new Map<number, (() => void)[]>();
  #component: string | undefined;
  #lastStream = 0;

  constructor(socket: Socket, options: IpcServerOptions) {
    this.#socket = socket;
    this.#options = options;
    readMessages(
      socket,
      (message) => this.#onMessage(message),
      (reason) => this.#protocolError(`not an event stream: ${reason}`),
    );
  }

  closeStreams(): void {
    for (const streamId of this.#streams.keys()) this.#closeStream(streamId);
  }

  #onMessage(message: RpcMessage): void {
    if (message.type === messageTypes.ping) return this.#send({ ...message, type: messageTypes.pingResponse, flags: messageFlags.none, headers: customHeaders(message) });
    if (this.#component === undefined) return this.#connect(message);
    if (message.type !== messageTypes.application) return;
    const terminated = (message.flags & messageFlags.terminateStream) !== 0;
    if (this.#streams.has(message.streamId)) {
      if (terminated) this.#closeStream(message.streamId);
      return;
    }
    if (message.streamId === this.#lastStream + 1) return this.#open(message, this.#component);
    // The end of a stream may cross our own end of it.
    if (!terminated) this.#protocolError(`stream ${message.streamId} is neither open nor the next one`);
  }

  #connect(message: RpcMessage): void {
    const payload = connectPayload.safeParse(parseJson(message.payload));
    const version = message.headers[':version'];
    const component = payload.success ? this.#options.authenticate(payload.data.authToken) : undefined;
    if (message.type !== messageTypes.connect || (version !== undefined && version !== '0.1.0') || component === undefined) {
      this.#options.onNote('IPC connection refused: expected a connect message of version 0.1.0 with the SVCUID of a component');
      this.#send({ type: messageTypes.connectAck, flags: messageFlags.none, streamId: 0, payload: new Uint8Array() });
      this.#socket.end();
      return;
    }
    this.#component = component;
    this.#send({ type: messageTypes.connectAck, flags: messageFlags.connectionAccepted, streamId: 0, payload: new Uint8Array() });
  }

  #open(message: RpcMessage, component: string): void {
    const { streamId } = message;
    this.#lastStream = streamId;
    const closeListeners: (() => void)[] = [];
    this.#streams.set(streamId, closeListeners);
    const name = (message.headers.operation ?? '').replace(/^aws\.greengrass#/, '');
    const { operations } = this.#options;
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    try {
      if (operation === undefined) throw new IpcError('ServiceError', `Operation ${name} is not supported by the local nucleus`);
      const response = operation.run({
        component,
        request: parseJson(message.payload),
        emit: (shape, event) => this.#reply(streamId, shape, event),
        onClose: (listener) => closeListeners.push(listener),
      });
      this.#reply(streamId, `${name}Response`, response, operation.streaming ? messageFlags.none : messageFlags.terminateStream);
      if (!operation.streaming) this.#closeStream(streamId);
    } catch (error) {
      this.#refuse(streamId, error);
    }
  }

  #refuse(streamId: number, error: unknown): void {
    const { errorName, message, fields } = error instanceof IpcError ? error : { errorName: 'ServiceError', message: messageOf(error), fields: {} };
    this.#options.onNote(`IPC call of ${this.#component ?? ''} refused: ${errorName}: ${message}`);
    this.#send({
      type: messageTypes.applicationError,
      flags: messageFlags.terminateStream,
      streamId,
      headers: jsonHeaders(errorName),
      payload: jsonBytes({ ...fields, message, _service: 'aws.greengrass#GreengrassCoreIPC', _message: message, _errorCode: errorName }),
    });
    this.#closeStream(streamId);
  }

  #reply(streamId: number, shape: string, payload: JsonObject, flags: number = messageFlags.none): void {
    this.#send({ type: messageTypes.application, flags, streamId, headers: jsonHeaders(shape), payload: jsonBytes(payload) });
  }

  #closeStream(streamId: number): void {
    for (const listener of this.#streams.get(streamId) ?? []) listener();
    this.#streams.delete(streamId);
  }

  #protocolError(reason: string): void {
    this.#options.onNote(`IPC connection closed: ${reason}`);
    this.#send({ type: messageTypes.protocolError, flags: messageFlags.none, streamId: 0, payload: jsonBytes({ message: reason }) });
    this.#socket.end();
  }

  #send(message: Parameters<typeof encodeMessage>[0]): void {
    if (this.#socket.writable) this.#socket.write(encodeMessage(message));
  }
}

function customHeaders({ headers }: RpcMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));
}

function jsonHeaders(shape: string): Record<string, string> {
  return { ':content-type': 'application/json', 'service-model-type': `aws.greengrass#${shape}` };
}

function jsonBytes(value: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Bytes that are no JSON fit no request; the schema says so.
    return undefined;
  }
}
