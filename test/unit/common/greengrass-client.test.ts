import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connectGreengrassIpc, type GreengrassIpc } from '../../../components/common/greengrass-ipc.ts';
import { IpcLink } from '../../../components/common/ipc-link.ts';
import { greengrassPublisher } from '../../../components/inference/publisher.ts';
import type { ResultMessage } from '../../../components/inference/result-message.ts';
import type { JsonObject } from '../../../scripts/local-nucleus/config-store.ts';
import { encodeMessage, type RpcMessage, messageFlags, messageTypes, readMessages } from '../../../scripts/local-nucleus/event-stream.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { useLogger } from '../../helpers/use-logger.ts';

/** A connection to a nucleus that answers every request with this error, and how many it got. */
async function useRefusal(error: string, payload: JsonObject): Promise<{ connection: GreengrassIpc; requests: () => number }> {
  let requests = 0;
  const connection = await useAnswers(5_000, ({ streamId, headers }, socket) => {
    if (headers['operation'] === undefined) return;
    requests += 1;
    const answer = { ':content-type': 'application/json', 'service-model-type': `aws.greengrass#${error}` };
    socket.write(encodeMessage({ type: messageTypes.applicationError, flags: messageFlags.terminateStream, streamId, headers: answer, payload: Buffer.from(JSON.stringify(payload)) }));
  });
  return { connection, requests: () => requests };
}

/** A connection to a nucleus that takes it, and does this with all that comes after. */
async function useAnswers(timeoutMs: number, onMessage: (message: RpcMessage, socket: Socket) => void): Promise<GreengrassIpc> {
  const path = join(await temporaryFolder(), 'ipc.socket');
  const serve = (socket: Socket): void => {
    readMessages(
      socket,
      (message) => {
        if (message.type !== messageTypes.connect) return onMessage(message, socket);
        socket.write(encodeMessage({ type: messageTypes.connectAck, flags: messageFlags.connectionAccepted, streamId: 0, payload: new Uint8Array() }));
      },
      () => socket.destroy(),
    );
  };
  const server = createServer(serve).listen(path);
  await once(server, 'listening');
  vi.stubEnv('SVCUID', 'TOKEN');
  vi.stubEnv('AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT', path);
  const connection = await connectGreengrassIpc({ timeoutMs });
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await connection.close();
    server.close();
  });
  return connection;
}

const classic = (name: string, message: string): JsonObject => ({ message, _service: 'aws.greengrass#GreengrassCoreIPC', _message: message, _errorCode: name });
const lite = (name: string, message: string): JsonObject => ({ _message: message, _errorCode: name });
const publishing = ' Publishing takes a matching operation and resource in accessControl.';

test.each([
  ['UnauthorizedError', 'by the classic nucleus', classic('UnauthorizedError', 'Not allowed'), `Not allowed.${publishing}`],
  ['UnauthorizedError', 'by nucleus lite', lite('UnauthorizedError', 'Not allowed.'), `Not allowed.${publishing}`],
  ['ServiceError', 'while it is offline', classic('ServiceError', 'The device is configured to run offline.'), 'The device is configured to run offline.'],
  ['ServiceError', 'without a reason', {}, 'no reason given.'],
  ['InvalidArgumentsError', 'which the client has no model of', classic('InvalidArgumentsError', 'Topic holds wildcards'), 'InvalidArgumentsError, without the reason. A topic to publish to holds no wildcards (+, #, *).'],
])('a publication refused with %s, %s, is told as that and not sent again', async (error, _, payload, told) => {
  const { connection, requests } = await useRefusal(error, payload);
  const publisher = (to: 'iot-core' | 'local'): Promise<void> => greengrassPublisher({ ipc: new IpcLink({ first: connection, connect: () => Promise.reject(new Error('not lost')), log: useLogger().log }), to, topic: 'a/b' }).publish({ image: 'a' } as ResultMessage);
  await expect(publisher('local')).rejects.toMatchObject({ kind: 'failed-precondition', message: `Greengrass IPC: PublishToTopic on a/b was refused by the nucleus: ${told}` });
  await expect(publisher('iot-core')).rejects.toMatchObject({ kind: 'failed-precondition', message: `Greengrass IPC: PublishToIoTCore on a/b was refused by the nucleus: ${told}` });
  expect(requests()).toBe(2);
});

test('what is refused besides publications comes without advice on them', async () => {
  const { connection } = await useRefusal('UnauthorizedError', classic('UnauthorizedError', 'Not allowed'));
  await expect(connection.updateState('RUNNING')).rejects.toMatchObject({ kind: 'failed-precondition', message: 'Greengrass IPC: UpdateState was refused by the nucleus: UnauthorizedError, without the reason.' });
});

test('an answer that is no error of Greengrass may come from a nucleus that has not come up', async () => {
  const { connection } = await useRefusal('SomethingElse', {});
  await expect(connection.updateState('RUNNING')).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a subscription that the nucleus does not answer is given up, so that it is not there besides the one of the next try', async () => {
  const messages: RpcMessage[] = [];
  const connection = await useAnswers(200, (message) => messages.push(message));
  const subscribing = async (): Promise<void> => connection.onConfigurationUpdate({}, () => undefined);
  await expect(subscribing()).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(subscribing()).rejects.toMatchObject({ kind: 'unavailable' });
  const asked = messages.filter(({ headers }) => headers['operation'] === 'aws.greengrass#SubscribeToConfigurationUpdate').map(({ streamId }) => streamId);
  expect(asked).toHaveLength(2);
  await vi.waitFor(() => expect(messages.filter(({ flags }) => (flags & messageFlags.terminateStream) !== 0).map(({ streamId }) => streamId)).toEqual(asked));
});

test('a subscription to IoT Core waits until the nucleus is online, and no longer than the connection lasts', async () => {
  const waiting: { answer: () => void; end: () => void }[] = [];
  const connection = await useAnswers(50, ({ streamId }, socket) => {
    const answer = { ':content-type': 'application/json', 'service-model-type': 'aws.greengrass#SubscribeToIoTCoreResponse' };
    waiting.push({ answer: () => socket.write(encodeMessage({ type: messageTypes.application, flags: 0, streamId, headers: answer, payload: Buffer.from('{}') })), end: () => socket.destroy() });
  });
  const first = connection.onIotCoreMessage('a/b', () => undefined);
  const second = connection.onIotCoreMessage('a/c', () => undefined);
  await vi.waitFor(() => expect(waiting).toHaveLength(2));
  expect(await Promise.race([first, second, new Promise((done) => setTimeout(done, 200, 'nothing'))])).toBe('nothing');
  waiting[0]?.answer();
  await first;
  waiting[1]?.end();
  await expect(second).rejects.toMatchObject({ kind: 'unavailable' });
  expect(waiting).toHaveLength(2);
});
