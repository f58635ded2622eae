import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall, type ServiceDefinition } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { UnaryClient } from '../../../components/common/unary-client.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

type Call = ServerUnaryCall<Buffer, Buffer>;
type Handler = (call: Call, respond: sendUnaryData<Buffer>) => void;

const path = '/test.Echo/Echo';
const asIs = (bytes: Buffer): Buffer => bytes;
const echo: Handler = (call, respond) => respond(null, call.request);

/** A server of grpc-js with one method. */
async function useServer(handler: Handler, socketPath?: string): Promise<{ socketPath: string; server: Server }> {
  const address = socketPath ?? join(await temporaryFolder(), 'server.sock');
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService({ Echo: { path, requestStream: false, responseStream: false, requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs } } satisfies ServiceDefinition, { Echo: handler });
  await new Promise<void>((done, fail) => server.bindAsync(`unix:${address}`, ServerCredentials.createInsecure(), (error) => (error === null ? done() : fail(error))));
  onTestFinished(() => server.forceShutdown());
  return { socketPath: address, server };
}

function useClient(socketPath: string): UnaryClient {
  const client = new UnaryClient(socketPath);
  onTestFinished(() => client.close());
  return client;
}

describe('a call', () => {
  test.each([[[]], [[0]], [[1, 2, 3]], [[10, 70_000, 5, 16_384, 16_385]], [[20_000_000, 3]]])('carries a message in pieces of %j bytes there and back', async (lengths) => {
    const { socketPath } = await useServer(echo);
    const pieces = lengths.map((length, index) => new Uint8Array(length).fill(index + 1));
    expect(Buffer.compare(await useClient(socketPath).call(path, pieces), Buffer.concat(pieces))).toBe(0);
  });

  test('is one of hundreds at once on a connection', async () => {
    const { socketPath } = await useServer(echo);
    const client = useClient(socketPath);
    const answers = await Promise.all(Array.from({ length: 500 }, async (_, index) => (await client.call(path, [Buffer.from(String(index))])).toString()));
    expect(answers).toEqual(Array.from({ length: 500 }, (_, index) => String(index)));
  });

  test('rejects with the kind and the words of its status', async () => {
    const { socketPath } = await useServer((_, respond) => respond({ code: status.NOT_FOUND, details: 'no “模型” of 100%' }));
    await expect(useClient(socketPath).call(path, [])).rejects.toMatchObject({ kind: 'not-found', message: 'no “模型” of 100%' });
  });

  test('of a method that is not there is unimplemented', async () => {
    const { socketPath } = await useServer(echo);
    await expect(useClient(socketPath).call('/test.Echo/Nothing', [])).rejects.toMatchObject({ kind: 'unimplemented' });
  });

  test('is given up at its deadline, which the server knows, too', async () => {
    const deadlines: unknown[] = [];
    const { socketPath } = await useServer((call) => void deadlines.push(call.getDeadline()));
    const client = useClient(socketPath);
    await client.waitUntilReady(5_000);
    await expect(client.call(path, [], { timeoutMs: 200 })).rejects.toMatchObject({ kind: 'deadline-exceeded', message: expect.stringContaining('0.2 s') as string });
    expect(deadlines).toEqual([expect.any(Number)]);
    expect(deadlines[0]).not.toBe(Infinity);
  });

  test('is cancelled at the server, too', async () => {
    const cancelled = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const { socketPath } = await useServer((call) => {
      call.on('cancelled', () => cancelled.resolve());
      arrived.resolve();
    });
    const given = new AbortController();
    const call = useClient(socketPath).call(path, [], { signal: given.signal });
    await arrived.promise;
    given.abort();
    await expect(call).rejects.toMatchObject({ kind: 'cancelled' });
    await cancelled.promise;
  });

  test('that was cancelled before is not sent', async () => {
    let calls = 0;
    const { socketPath } = await useServer((call, respond) => {
      calls += 1;
      echo(call, respond);
    });
    const client = useClient(socketPath);
    await expect(client.call(path, [], { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'cancelled' });
    await client.call(path, []);
    expect(calls).toBe(1);
  });

  test('is unavailable when the connection is lost meanwhile, and the next one finds the server that came back', async () => {
    const arrived = Promise.withResolvers<void>();
    const { socketPath, server } = await useServer(() => arrived.resolve());
    const client = useClient(socketPath);
    const lost = client.call(path, []);
    await arrived.promise;
    server.forceShutdown();
    await expect(lost).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('lost') as string });
    rmSync(socketPath, { force: true });
    await expect(client.call(path, [])).rejects.toMatchObject({ kind: 'unavailable', message: `No agent answers on ${socketPath}. Start it, or name its socket.` });
    await useServer(echo, socketPath);
    await client.waitUntilReady(5_000);
    expect((await client.call(path, [Buffer.from('again')])).toString()).toBe('again');
  });

  test('under way is finished when the server stops, and the next one is refused', async () => {
    const underWay = Promise.withResolvers<sendUnaryData<Buffer>>();
    const { socketPath, server } = await useServer((_, respond) => underWay.resolve(respond));
    const client = useClient(socketPath);
    const last = client.call(path, []);
    const respond = await underWay.promise;
    const stopped = new Promise<void>((done) => server.tryShutdown(() => done()));
    respond(null, Buffer.from('done'));
    expect((await last).toString()).toBe('done');
    await stopped;
    await expect(client.call(path, [])).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('waiting', () => {
  test('ends when the server comes', async () => {
    const socketPath = join(await temporaryFolder(), 'late.sock');
    const waiting = useClient(socketPath).waitUntilReady(20_000);
    await useServer(echo, socketPath);
    await waiting;
  });

  test('for nobody, or for one who says nothing, ends in time', async () => {
    const silent = join(await temporaryFolder(), 'silent.sock');
    const server = createServer().listen(silent);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    for (const socketPath of [silent, `${silent}.not`]) {
      await expect(useClient(socketPath).waitUntilReady(300)).rejects.toMatchObject({ kind: 'unavailable', message: `No agent answered on ${socketPath} within 0.3 s. Start it, or name its socket.` });
    }
  });

  test('ends with its signal', async () => {
    const given = new AbortController();
    const waiting = useClient('/nowhere').waitUntilReady(20_000, given.signal);
    given.abort();
    await expect(waiting).rejects.toMatchObject({ kind: 'cancelled' });
  });
});

test('a client that is closed fails its calls, and does not connect again', async () => {
  const arrived = Promise.withResolvers<void>();
  const { socketPath } = await useServer(() => arrived.resolve());
  const client = new UnaryClient(socketPath);
  const call = client.call(path, []);
  await arrived.promise;
  client.close();
  await expect(call).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(client.call(path, [])).rejects.toMatchObject({ kind: 'unavailable', message: 'The client was closed.' });
});

test('a client that is closed while it connects lets go of the socket', async () => {
  const silent = join(await temporaryFolder(), 'silent.sock');
  const connected = Promise.withResolvers<Socket>();
  const server = createServer((socket) => connected.resolve(socket)).listen(silent);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const client = new UnaryClient(silent);
  const call = client.call(path, []);
  const socket = await connected.promise;
  client.close();
  await expect(call).rejects.toMatchObject({ kind: 'unavailable' });
  if (!socket.resume().destroyed) await once(socket, 'close');
});

test('a process waits for its calls, but not for an idle connection', async () => {
  const { socketPath } = await useServer((call, respond) => setTimeout(() => respond(null, call.request), 300));
  const module = JSON.stringify(import.meta.resolve('../../../components/common/unary-client.ts'));
  const program = `import { UnaryClient } from ${module};
    new UnaryClient(${JSON.stringify(socketPath)}).call(${JSON.stringify(path)}, [Buffer.from('waited')]).then((answer) => console.log(String(answer)));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await once(child, 'close');
  expect(printed).toBe('waited\n');
});
