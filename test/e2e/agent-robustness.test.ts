import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Client, credentials, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadAgentService, type AgentMethod } from '../../components/common/wire.ts';
import { identityModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const seed = Number(process.env['FESCUE_TEST_SEED'] ?? Date.now() % 2 ** 31);
const service = loadAgentService();

const tensor = { tensorMetadata: { name: Buffer.from('x'), dataType: 'FLOAT32', shape: [1] }, byteData: Buffer.alloc(4) };
/**
 * A message of each method, good but for LoadModel: its alias is none, because every call that gets further starts a
 * process, and its model is missing, because a mutant's alias may be good.
 */
const goodMessages: Record<AgentMethod, object> = {
  Predict: { name: 'tiny', tensors: [tensor] },
  LoadModel: { url: 'missing.onnx', name: '!' },
  UnLoadModel: { name: 'other' },
  ListModels: {},
  DescribeModel: { name: 'tiny' },
  CaptureData: { modelName: 'tiny', captureId: 'a', inferenceTimestamp: { seconds: 1, nanos: 2 }, inputTensors: [tensor], outputs: [{ name: 'b', encoding: 'JSON', byteData: Buffer.from('{}') }] },
  GetCaptureDataStatus: { captureId: 'a' },
};

const change = fc.record({ kind: fc.constantFrom('flip', 'cut', 'insert', 'repeat'), at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }) });
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function changed(message: Buffer, { kind, at, bytes }: Change): Buffer {
  const position = message.length === 0 ? 0 : at % message.length;
  const [head, tail] = [message.subarray(0, position), message.subarray(position)];
  switch (kind) {
    case 'cut':
      return head;
    case 'repeat':
      return Buffer.concat([message, tail]);
    case 'flip':
      return Buffer.concat([head, bytes.subarray(0, tail.length), tail.subarray(bytes.length)]);
    case 'insert':
      return Buffer.concat([head, bytes, tail]);
  }
}

/** Bytes that are no message of the method, or nearly one. */
function hostileMessage(method: AgentMethod): fc.Arbitrary<Buffer> {
  const good = service[method].requestSerialize(goodMessages[method]);
  const mutant = fc.array(change, { minLength: 1, maxLength: 5 }).map((changes) => changes.reduce(changed, good));
  return fc.oneof({ weight: 3, arbitrary: mutant }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) });
}

function decodes(method: AgentMethod, message: Buffer): boolean {
  try {
    service[method].requestDeserialize(message);
    return true;
  } catch {
    return false;
  }
}

/** Sends bytes as they are; the status code, whatever it is. */
function statusOf(client: Client, method: AgentMethod, message: Buffer): Promise<number> {
  const asIs = (bytes: Buffer): Buffer => bytes;
  return new Promise((done) => client.makeUnaryRequest(service[method].path, asIs, asIs, message, (error) => done(error?.code ?? status.OK)));
}

async function useAgentWithTiny(...args: string[]): Promise<RunningAgent> {
  const agent = await useAgent({ args });
  await writeFile(join(agent.folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: ['n'] }]));
  await agent.client.loadModel('tiny.onnx', 'tiny');
  await agent.client.predict('tiny', [{ bytes: new Uint8Array(4) }]);
  return agent;
}

/** Starts the capture process: it has to survive what comes. */
async function captureOnce({ client }: RunningAgent): Promise<void> {
  await client.captureData({ model: 'tiny', id: 'first', inputs: [], outputs: [] });
  await eventually(async () => (await client.captureStatus('first')) === 'SUCCESS', 'the first capture to be delivered');
}

const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
const residentMegabytes = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;

/** Runs an attack; afterwards the agent and its worker are the same, answer, and hold no more descriptors than before. */
async function withstands(agent: RunningAgent, attack: () => Promise<void>): Promise<void> {
  const workers = agent.workers();
  const all = [agent.pid, ...workers];
  const before = all.map((pid) => ({ descriptors: descriptors(pid), memory: residentMegabytes(pid) }));
  await attack();
  expect(await agent.client.predict('tiny', [{ bytes: new Uint8Array(4) }])).toHaveLength(1);
  expect(agent.workers()).toEqual(workers);
  await eventually(() => all.every((pid, index) => descriptors(pid) <= (before[index]?.descriptors ?? 0)), 'every descriptor to be given back');
  for (const [index, pid] of all.entries()) expect(residentMegabytes(pid) - (before[index]?.memory ?? 0), `MB more in process ${pid}`).toBeLessThan(150);
}

async function connected(agent: RunningAgent): Promise<Socket> {
  const socket = connect(agent.socketPath);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

describe(`messages that are none (FESCUE_TEST_SEED=${seed})`, () => {
  const answers: Record<AgentMethod, status[]> = {
    Predict: [status.OK, status.NOT_FOUND, status.FAILED_PRECONDITION],
    LoadModel: [status.NOT_FOUND, status.FAILED_PRECONDITION],
    UnLoadModel: [status.NOT_FOUND],
    ListModels: [status.OK],
    DescribeModel: [status.OK, status.NOT_FOUND],
    CaptureData: [status.OK, status.ALREADY_EXISTS, status.NOT_FOUND, status.OUT_OF_RANGE],
    GetCaptureDataStatus: [status.OK],
  };
  /** What is decoded by hand skips fields of another wire type, and looks up the alias before it decodes tensors. */
  const decodedByHand: AgentMethod[] = ['Predict', 'CaptureData', 'GetCaptureDataStatus'];

  it.each(Object.keys(service) as AgentMethod[])('%s refuses as invalid, and answers what is one after all', async (method) => {
    const agent = await useAgentWithTiny('--queue-size', '1000', '--capture-data-buffer-size', '1000', '--capture-data-destination', 'Disk', '--capture-data-push-period-seconds', '0.1');
    await captureOnce(agent);
    const client = new Client(`unix://${agent.socketPath}`, credentials.createInsecure());
    await withstands(agent, async () => {
      const batches = fc.array(hostileMessage(method), { minLength: 50, maxLength: 100 });
      const property = fc.asyncProperty(batches, async (messages) => {
        const codes = await Promise.all(messages.map((message) => statusOf(client, method, message)));
        for (const [index, message] of messages.entries()) {
          const others = decodedByHand.includes(method) || decodes(method, message) ? answers[method] : [];
          expect([status.INVALID_ARGUMENT, ...others], message.toString('hex')).toContain(codes[index]);
        }
      });
      await fc.assert(property, { seed, numRuns: 15, endOnFailure: true });
      client.close();
    });
  });

  it('LoadModel survives urls and aliases of every kind', async () => {
    const agent = await useAgentWithTiny();
    await withstands(agent, async () => {
      const url = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('/', '/dev/null', '/dev/zero', '/proc/self/mem', '.', 'file:///%00', 'x'.repeat(10_000), '\ud800'));
      const alias = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', 'b'.repeat(1_024)));
      const property = fc.asyncProperty(url, alias, async (someUrl, someAlias) => {
        await expect(agent.client.loadModel(someUrl, someAlias)).rejects.toMatchObject({ kind: expect.stringMatching(/^(invalid-argument|not-found|failed-precondition)$/) });
      });
      await fc.assert(property, { seed, numRuns: 40, endOnFailure: true });
    });
  });
});

describe(`connections that misbehave (FESCUE_TEST_SEED=${seed})`, () => {
  it('send anything at all', async () => {
    const agent = await useAgentWithTiny();
    await withstands(agent, async () => {
      const start = fc.oneof(fc.nat(preface.length).map((length) => preface.subarray(0, length)), fc.constant(Buffer.concat([preface, emptySettings])), fc.constant(Buffer.from('GET / HTTP/1.1\r\n\r\n')));
      const frame = fc.tuple(fc.nat(64), fc.nat(12), fc.nat(255), fc.nat(5), fc.uint8Array({ maxLength: 64 })).map(([length, type, flags, stream, payload]) => Buffer.concat([Buffer.from([0, 0, length, type, flags, 0, 0, 0, stream]), payload]));
      const bytes = fc.tuple(start, fc.array(frame, { maxLength: 8 })).map(([head, frames]) => Buffer.concat([head, ...frames]));
      const property = fc.asyncProperty(bytes, async (sent) => {
        const socket = await connected(agent);
        const closed = once(socket.resume(), 'close');
        socket.end(sent);
        // What the agent makes of it is its own business, unless it neither answers nor closes.
        await closed;
      });
      await fc.assert(property, { seed, numRuns: 300, endOnFailure: true });
    });
  });

  it('stay half open by the hundred, and then vanish', async () => {
    const agent = await useAgentWithTiny();
    await withstands(agent, async () => {
      const sockets = await Promise.all(Array.from({ length: 300 }, () => connected(agent)));
      for (const [index, socket] of sockets.entries()) socket.write([preface.subarray(0, 10), preface, Buffer.concat([preface, emptySettings, Buffer.from([0, 1, 0, 1, 0, 0, 0, 0, 1])])][index % 3] ?? preface);
      expect(await agent.client.predict('tiny', [{ bytes: new Uint8Array(4) }])).toHaveLength(1);
      for (const socket of sockets) socket.destroy();
    });
  });

  it('vanish in the middle of their calls', async () => {
    const agent = await useAgentWithTiny();
    await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 5 }));
    await agent.client.loadModel('slow.onnx', 'slow');
    const good = service.Predict.requestSerialize({ name: 'slow', tensors: [{ byteData: Buffer.alloc(4) }] });
    const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, good.length]), good]);
    await withstands(agent, async () => {
      for (let round = 0; round < 100; round += 1) {
        const socket = await connected(agent);
        const session = http2Session(socket);
        for (let call = 0; call < 5; call += 1) {
          const stream = session.request({ ':method': 'POST', ':path': service.Predict.path, 'content-type': 'application/grpc', te: 'trailers' });
          stream.on('error', () => undefined);
          // Every other call is sent only half.
          if (call % 2 === 0) stream.end(framed);
          else stream.write(framed.subarray(0, framed.length - 3));
        }
        await new Promise((done) => session.ping(done));
        socket.destroy();
      }
    });
    expect(await agent.client.predict('slow', [{ bytes: new Uint8Array(4) }])).toHaveLength(1);
  });

  it('wrap messages wrongly, and get an answer all the same', async () => {
    const agent = await useAgentWithTiny();
    await withstands(agent, async () => {
      const socket = await connected(agent);
      const session = http2Session(socket);
      const path = fc.oneof(fc.constantFrom(...Object.values(service).map((method) => method.path)), fc.constantFrom('/', '/grpc.health.v1.Health/Check', '/AWS.SageMaker.Edge.Agent/Nothing'));
      const body = fc.tuple(fc.nat(255), fc.nat(80), fc.uint8Array({ maxLength: 60 })).map(([flag, length, bytes]) => Buffer.concat([Buffer.from([flag, 0, 0, 0, length]), bytes]));
      const type = fc.constantFrom('application/grpc', 'application/grpc+proto', 'text/html');
      const headers = fc.record({ 'grpc-timeout': fc.constantFrom('1S', '-1S', '99999999999999H', 'x', '1n'), 'grpc-encoding': fc.constantFrom('gzip', 'deflate', 'identity', 'zzz') }, { requiredKeys: [] });
      const property = fc.asyncProperty(path, type, headers, body, async (somePath, someType, someHeaders, someBody) => {
        const stream = session.request({ ':method': 'POST', ':path': somePath, 'content-type': someType, te: 'trailers', ...someHeaders });
        stream.on('error', () => undefined).end(someBody);
        await once(stream.resume(), 'close');
      });
      await fc.assert(property, { seed, numRuns: 500, endOnFailure: true });
      socket.destroy();
    });
  });
});

function http2Session(socket: Socket): ClientHttp2Session {
  const session = connectHttp2('http://localhost', { createConnection: () => socket });
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}
