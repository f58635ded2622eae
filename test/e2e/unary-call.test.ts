import { once } from 'node:events';
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { Client, compressionAlgorithms, credentials, status } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encodePredictRequest } from '../../components/common/hot-codec.ts';
import { loadAgentService } from '../../components/common/wire.ts';
import { identityModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';

const { Predict } = loadAgentService();
const numbers = Buffer.from(Float32Array.from({ length: 1000 }, (_, index) => index).buffer);
const request = encodePredictRequest({ name: 'identity', tensors: [{ byteData: numbers }] });

type Answer = { code: number; details: string; tensor: Buffer | undefined };

async function useIdentity(...args: string[]): Promise<{ session: ClientHttp2Session; socketPath: string }> {
  const { client, folder, socketPath } = await useAgent({ args });
  await writeFile(join(folder, 'identity.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: ['n'] }]));
  await writeFile(join(folder, 'slow.onnx'), slowModel({ steps: 300 }));
  await client.loadModel('identity.onnx', 'identity');
  const session = connect('http://agent', { createConnection: () => connectSocket(socketPath) });
  onTestFinished(() => session.destroy());
  return { session, socketPath };
}

/** One call as frames of HTTP/2: its headers, and its data in the given pieces. */
async function call(session: ClientHttp2Session, pieces: readonly Buffer[], headers: Record<string, string> = {}): Promise<Answer> {
  const stream = session.request({ ':method': 'POST', ':path': Predict.path, te: 'trailers', 'content-type': 'application/grpc', ...headers });
  let trailers: IncomingHttpHeaders = {};
  stream.on('response', (first) => (trailers = { ...trailers, ...first }));
  stream.on('trailers', (last) => (trailers = { ...trailers, ...last }));
  const received: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => received.push(chunk));
  for (const piece of pieces) stream.write(piece);
  stream.end();
  await once(stream, 'close');
  const message = Buffer.concat(received);
  const [tensor] = message.length === 0 ? [] : (Predict.responseDeserialize(message.subarray(5)) as { tensors: { byteData: Buffer }[] }).tensors;
  return { code: Number(trailers['grpc-status']), details: decodeURI(String(trailers['grpc-message'] ?? '')), tensor: tensor?.byteData };
}

function framed(message: Buffer, flag = 0): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

describe('a call on its stream', () => {
  test.each([
    ['in one piece', [framed(request)]],
    ['byte by byte', [...framed(request)].map((byte) => Buffer.from([byte]))],
    ['cut inside its prefix', [framed(request).subarray(0, 3), framed(request).subarray(3)]],
  ])('answers a message %s', async (_, pieces) => {
    const { session } = await useIdentity();
    for (let round = 0; round < 3; round += 1) {
      const { code, tensor } = await call(session, pieces);
      expect([code, tensor?.equals(numbers)]).toEqual([status.OK, true]);
    }
  });

  test.each<[string, Buffer[], Record<string, string>, number, string]>([
    ['no message', [], {}, status.INTERNAL, 'complete'],
    ['half a message', [framed(request).subarray(0, 100)], {}, status.INTERNAL, 'complete'],
    ['two messages', [framed(request), framed(request)], {}, status.UNIMPLEMENTED, 'more than one request message; expected one'],
    ['a message marked as compressed', [framed(request, 1)], {}, status.INTERNAL, 'grpc-encoding'],
    ['a compression nobody knows', [framed(request, 1)], { 'grpc-encoding': 'snappy' }, status.UNIMPLEMENTED, 'expected gzip or deflate, got "snappy"'],
    ['a compressed message that is none', [framed(request, 1)], { 'grpc-encoding': 'gzip' }, status.INTERNAL, 'gzip'],
    ['a small message that grows beyond the limit', [framed(gzipSync(Buffer.alloc(65 * 1024 * 1024)), 1)], { 'grpc-encoding': 'gzip' }, status.RESOURCE_EXHAUSTED, 'MaxMessageMegabytes'],
    ['a timeout that is none', [framed(request)], { 'grpc-timeout': 'soon' }, status.INTERNAL, 'got "soon"'],
    ['a deadline that has passed', [framed(encodePredictRequest({ name: 'slow', tensors: [{ byteData: Buffer.alloc(4) }] }))], { 'grpc-timeout': '1m' }, status.DEADLINE_EXCEEDED, 'deadline'],
    ['no model of that name, in another script', [framed(encodePredictRequest({ name: '模型 100%', tensors: [] }))], {}, status.NOT_FOUND, '模型 100%'],
  ])('refuses %s', async (name, pieces, headers, code, details) => {
    const { session, socketPath } = await useIdentity();
    if (name.startsWith('a deadline')) await loadSlow(socketPath);
    const answer = await call(session, pieces, headers);
    expect(answer.code).toBe(code);
    expect(answer.details).toContain(details);
  });

  test('refuses a message over the limit as soon as its length is known, and takes one at the limit', async () => {
    const { session } = await useIdentity('--max-message-megabytes', '1');
    const limit = 1024 * 1024;
    const atLimit = Buffer.concat([request, Buffer.from([0x1a, 0xff, 0xff, 0x3f]), Buffer.alloc(limit)]).subarray(0, limit);
    const padding = limit - request.length - 4;
    atLimit.set([0x80 | (padding & 0x7f), 0x80 | ((padding >> 7) & 0x7f), padding >> 14], request.length + 1);
    expect((await call(session, [framed(atLimit)])).code).toBe(status.OK);

    const stream = session.request({ ':method': 'POST', ':path': Predict.path, 'content-type': 'application/grpc' });
    stream.write(framed(Buffer.alloc(limit + 1)).subarray(0, 5));
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    expect(headers['grpc-status']).toBe(String(status.RESOURCE_EXHAUSTED));
    for (const word of [String(limit + 1), String(limit), 'MaxMessageMegabytes', 'shared_memory_handle']) expect(decodeURI(String(headers['grpc-message']))).toContain(word);
    stream.close();
  });

  test.each(['gzip', 'deflate'] as const)('takes messages compressed with %s', async (algorithm) => {
    const { socketPath } = await useIdentity();
    const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), { 'grpc.default_compression_algorithm': compressionAlgorithms[algorithm] });
    onTestFinished(() => client.close());
    const answer = await new Promise<unknown>((done, fail) => {
      client.makeUnaryRequest(Predict.path, () => request, Predict.responseDeserialize, {}, (error, response) => (error === null ? done(response) : fail(error)));
    });
    expect(answer).toMatchObject({ tensors: [{ byteData: numbers }] });
  });

  test('drops a prediction whose client has gone from the queue', async () => {
    const { session, socketPath } = await useIdentity('--queue-size', '1');
    await loadSlow(socketPath);
    const slow = framed(encodePredictRequest({ name: 'slow', tensors: [{ byteData: Buffer.alloc(4) }] }));
    const running = call(session, [slow]);
    const gone = session.request({ ':method': 'POST', ':path': Predict.path, 'content-type': 'application/grpc' });
    gone.end(slow);
    // Its place is taken until it goes.
    await eventually(async () => (await call(session, [slow], { 'grpc-timeout': '1m' })).code === status.RESOURCE_EXHAUSTED, 'the queue to be full');
    gone.close();
    await eventually(async () => (await call(session, [slow], { 'grpc-timeout': '1m' })).code === status.DEADLINE_EXCEEDED, 'its place to be free');
    expect((await running).code).toBe(status.OK);
  });
});

async function loadSlow(socketPath: string): Promise<void> {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure());
  const { LoadModel } = loadAgentService();
  await new Promise<void>((done, fail) => {
    client.makeUnaryRequest(LoadModel.path, LoadModel.requestSerialize, LoadModel.responseDeserialize, { url: 'slow.onnx', name: 'slow' }, (error) => (error === null ? done() : fail(error)));
  });
  client.close();
}
