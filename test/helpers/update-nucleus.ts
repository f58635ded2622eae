import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { JsonObject } from '../../scripts/local-nucleus/config-store.ts';
import { encodeMessage, messageFlags, messageTypes, readMessages, type RpcMessage } from '../../scripts/local-nucleus/event-stream.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type UpdateNucleus = {
  environment: { SVCUID: string; AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: string };
  /** The streams on which updates are awaited now. */
  listeners: () => number;
  /** Sends an event to all of them. */
  send: (event: JsonObject) => void;
  /** What was answered. */
  answers: JsonObject[];
  /** Cuts off every client. */
  disconnect: () => void;
};

/** Greengrass IPC that announces updates of components and knows nothing else; with `silent`, not even that. */
export async function useUpdateNucleus({ silent = false } = {}): Promise<UpdateNucleus> {
  const path = join(await temporaryFolder(), 'ipc.socket');
  const sockets = new Set<Socket>();
  const listeners = new Set<(event: JsonObject) => void>();
  const answers: JsonObject[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    const reply = ({ streamId }: RpcMessage, shape: string, payload: JsonObject, flags: number = messageFlags.terminateStream, type: number = messageTypes.application): void => {
      const headers = { ':content-type': 'application/json', 'service-model-type': `aws.greengrass#${shape}` };
      socket.write(encodeMessage({ type, flags, streamId, headers, payload: Buffer.from(JSON.stringify(payload)) }));
    };
    const onMessage = (message: RpcMessage): void => {
      if (message.type === messageTypes.connect) return void socket.write(encodeMessage({ type: messageTypes.connectAck, flags: messageFlags.connectionAccepted, streamId: 0, payload: new Uint8Array() }));
      const operation = message.headers['operation']?.replace('aws.greengrass#', '');
      if (operation === 'SubscribeToComponentUpdates' && !silent) {
        const listener = (event: JsonObject): void => reply(message, 'ComponentUpdatePolicyEvents', event, messageFlags.none);
        listeners.add(listener);
        socket.once('close', () => listeners.delete(listener));
        reply(message, 'SubscribeToComponentUpdatesResponse', {}, messageFlags.none);
      } else if (operation === 'DeferComponentUpdate' && !silent) {
        answers.push(JSON.parse(Buffer.from(message.payload).toString()) as JsonObject);
        reply(message, 'DeferComponentUpdateResponse', {});
      } else if (operation !== undefined) reply(message, 'ServiceError', { message: `${operation} is not supported` }, messageFlags.terminateStream, messageTypes.applicationError);
    };
    readMessages(socket, onMessage, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  }).listen(path);
  await once(server, 'listening');
  const disconnect = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    disconnect();
    server.close();
  });
  return {
    environment: { SVCUID: 'TOKEN', AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: path },
    listeners: () => listeners.size,
    send: (event) => listeners.forEach((listener) => listener(event)),
    answers,
    disconnect,
  };
}

/** The question whether a deployment may go on. */
export function before(deploymentId: string): JsonObject {
  return { preUpdateEvent: { deploymentId, isGgcRestarting: false } };
}
