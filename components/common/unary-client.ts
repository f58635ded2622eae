import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FescueError, hasCode, messageOf, type ErrorKind } from './errors.ts';
import { grpcCodes } from './wire.ts';

export type CallOptions = {
  /** Milliseconds until the call is given up; without it the call waits as long as the agent does. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

const connectTimeoutMs = 20_000;
const reconnectPauseMs = 100;

/**
 * Unary gRPC calls to a unix socket over Node's HTTP/2, without a library in between: large messages go out uncopied
 * and leave no garbage behind. A connection that is lost is made again by the next call.
 */
export class UnaryClient {
  readonly #socketPath: string;
  #connection: Promise<ClientHttp2Session> | undefined;
  /** Of the connection, also while it is being made. */
  #session: ClientHttp2Session | undefined;
  #calls = 0;
  #closed = false;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /**
   * @param path of the method
   * @param message in pieces, which must stay as they are until the call is over
   * @returns the response message
   * @throws FescueError of the status' kind; `unavailable` also when nobody answers on the socket
   */
  async call(path: string, message: readonly Uint8Array[], options: CallOptions = {}): Promise<Buffer> {
    const call = new ClientCall(options);
    this.#connected().then(
      (session) => {
        this.#keepAlive(session, 1);
        call.send(session, path, message);
        call.answer.catch(() => undefined).finally(() => this.#keepAlive(session, -1));
      },
      (error: unknown) => call.fail(error),
    );
    return call.answer;
  }

  /**
   * Waits until somebody speaks HTTP/2 on the socket.
   *
   * @throws FescueError `unavailable` when nobody does in time, `cancelled` when the signal ends the wait
   */
  async waitUntilReady(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const over = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
    const end = Promise.withResolvers<false>();
    over.addEventListener('abort', () => end.resolve(false), { once: true });
    let isDenied = false;
    const failed = (error: unknown): false => {
      isDenied = hasCode(error instanceof Error ? error.cause : undefined, 'EACCES');
      return false;
    };
    while (!over.aborted) {
      if (await Promise.race([this.#connected().then(() => true, failed), end.promise])) return;
      await sleep(reconnectPauseMs, undefined, { signal: over }).catch(() => undefined);
    }
    if (signal?.aborted) throw new FescueError('cancelled', `The wait for the agent on ${this.#socketPath} was ended.`);
    throw new FescueError('unavailable', isDenied ? denied(this.#socketPath) : `No agent answered on ${this.#socketPath} within ${timeoutMs / 1000} s. Start it, or name its socket.`);
  }

  /** Calls under way are rejected with `unavailable`. */
  close(): void {
    this.#closed = true;
    this.#session?.destroy();
  }

  #connected(): Promise<ClientHttp2Session> {
    if (this.#closed) return Promise.reject(new FescueError('unavailable', 'The client was closed.'));
    this.#connection ??= this.#connect();
    return this.#connection;
  }

  #connect(): Promise<ClientHttp2Session> {
    const connection = new Promise<ClientHttp2Session>((done, fail) => {
      const session = connect('http://agent', { createConnection: () => connectSocket(this.#socketPath), maxSessionMemory: Number.MAX_SAFE_INTEGER });
      this.#session = session;
      const forget = (): void => {
        if (this.#connection === connection) this.#connection = undefined;
      };
      const overdue = setTimeout(() => session.destroy(), connectTimeoutMs);
      session.once('remoteSettings', () => {
        clearTimeout(overdue);
        session.unref();
        done(session);
      });
      session.once('goaway', forget);
      let cause: unknown;
      session.once('close', () => {
        clearTimeout(overdue);
        forget();
        const path = this.#socketPath;
        fail(new FescueError('unavailable', hasCode(cause, 'EACCES') ? denied(path) : `No agent answers on ${path}. Start it, or name its socket.`, { cause }));
      });
      // Closing is what matters; the reason is that nobody is there, or not for this user.
      session.on('error', (error) => (cause = error));
    });
    return connection;
  }

  /** A process waits for its calls, but not for a connection that none is on. */
  #keepAlive(session: ClientHttp2Session, change: 1 | -1): void {
    this.#calls += change;
    if (session.destroyed) return;
    if (this.#calls > 0) session.ref();
    else session.unref();
  }
}

const okCode = 0;
/** A compression flag and a length of 32 bits in front of each message. */
const prefixBytes = 5;
/** Smaller pieces of a message are copied together; larger ones are written as they are. */
const largestCopied = 16 * 1024;
const longestTimerMs = 0x7fff_ffff;
const errorKinds = new Map(Object.entries(grpcCodes).map(([kind, code]) => [code, kind as ErrorKind]));

class ClientCall {
  readonly answer: Promise<Buffer>;
  readonly #outcome = Promise.withResolvers<Buffer>();
  readonly #options: CallOptions;
  readonly #onAbort = (): void => this.fail(new FescueError('cancelled', 'The call was cancelled.'));
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #received: Buffer[] = [];
  #status: IncomingHttpHeaders = {};
  #stream: ClientHttp2Stream | undefined;
  #over = false;

  constructor(options: CallOptions) {
    this.answer = this.#outcome.promise;
    this.#options = options;
    const { timeoutMs, signal } = options;
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.fail(new FescueError('deadline-exceeded', `No answer within ${timeoutMs / 1000} s.`)), Math.min(timeoutMs, longestTimerMs));
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  send(session: ClientHttp2Session, path: string, message: readonly Uint8Array[]): void {
    if (this.#over) return;
    try {
      const { timeoutMs } = this.#options;
      const headers = [':method', 'POST', ':scheme', 'http', ':authority', 'agent', ':path', path, 'te', 'trailers', 'content-type', 'application/grpc'];
      if (timeoutMs !== undefined) headers.push('grpc-timeout', timeoutHeader(timeoutMs));
      const stream = session.request(takesLists ? headers : asObject(headers));
      this.#stream = stream;
      stream.on('response', (headers) => (this.#status = headers));
      stream.on('trailers', (headers) => (this.#status = headers));
      stream.on('data', (chunk: Buffer) => this.#received.push(chunk));
      stream.on('end', () => this.#onEnd());
      stream.on('close', () => this.#onEnd());
      stream.on('error', () => undefined);
      stream.cork();
      for (const piece of framed(message)) stream.write(piece);
      stream.end();
    } catch (error) {
      this.fail(new FescueError('unavailable', `The connection to the agent was lost: ${messageOf(error)}.`, { cause: error }));
    }
  }

  fail(error: unknown): void {
    if (!this.#finish()) return;
    this.#outcome.reject(error);
    this.#stream?.close(constants.NGHTTP2_CANCEL);
  }

  #onEnd(): void {
    const { 'grpc-status': code, 'grpc-message': details = '' } = this.#status;
    if (code === undefined) return this.fail(new FescueError('unavailable', 'The connection to the agent was lost before it answered.'));
    if (Number(code) !== okCode) return this.fail(new FescueError(errorKinds.get(Number(code)) ?? 'internal', decoded(String(details))));
    const answer = this.#received.length === 1 ? this.#received[0] : Buffer.concat(this.#received);
    if (answer === undefined || answer.length < prefixBytes || answer.length !== prefixBytes + answer.readUInt32BE(1)) return this.fail(new FescueError('internal', 'The agent answered with something other than one message.'));
    if (this.#finish()) this.#outcome.resolve(answer.subarray(prefixBytes));
  }

  /** @returns false when the call was over before */
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}

/** Lists of names and values are quicker. Older ones run only what examines a device. */
const takesLists = Number(process.versions.node.split('.')[0]) >= 24;

function asObject(headers: readonly string[]): Record<string, string> {
  return Object.fromEntries(headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? '']] : [])));
}

/** The message behind its prefix, in as few pieces as can be had without copying much. */
function framed(message: readonly Uint8Array[]): Uint8Array[] {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.reduce((sum, { length }) => sum + length, 0), 1);
  const pieces: Uint8Array[] = [];
  let small: Uint8Array[] = [prefix];
  for (const piece of message) {
    if (piece.length <= largestCopied) small.push(piece);
    else {
      pieces.push(Buffer.concat(small), piece);
      small = [];
    }
  }
  return small.length === 0 ? pieces : [...pieces, Buffer.concat(small)];
}

/** At most eight digits, in a unit that takes no more. */
function timeoutHeader(timeoutMs: number): string {
  return timeoutMs < 1e8 ? `${Math.max(1, Math.ceil(timeoutMs))}m` : `${Math.min(Math.ceil(timeoutMs / 1000), 99_999_999)}S`;
}

function decoded(details: string): string {
  try {
    return decodeURIComponent(details);
  } catch {
    return details;
  }
}

function denied(path: string): string {
  return `This user may not connect to the agent on ${path}: that takes write permission on the socket. Make it a member of the socket's group (UnixSocketGroup of the agent), or run it as the agent's user.`;
}
