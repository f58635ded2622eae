import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compressionAlgorithms } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { encodePredictRequest } from '../../components/common/hot-codec.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { makeRawCall } from '../helpers/raw-call.ts';
import { useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const limit = 1024 * 1024;
const refusal = (got: string): object => ({
  code: 8,
  details: `Expected a message of at most ${limit} bytes (MaxMessageMegabytes: 1), got ${got}. Send large tensors through shared memory, or raise MaxMessageMegabytes.`,
});

async function useLimitedAgent(): Promise<RunningAgent> {
  const agent = await useAgent({ args: ['--max-message-megabytes', '1'] });
  await writeFile(join(agent.folder, 'any.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  await agent.client.loadModel('any.onnx', 'any');
  return agent;
}

/** A PredictRequest message of that many bytes. */
function predictMessage(length: number): Buffer {
  const of = (bytes: number): Buffer => encodePredictRequest({ name: 'any', tensors: [{ byteData: new Uint8Array(bytes) }] });
  const envelope = of(limit).length - limit;
  return of(length - envelope);
}

test('a message as long as the limit is taken, and one of a byte more is refused with both sizes and the remedy', async () => {
  const { socketPath } = await useLimitedAgent();
  const [largest, tooLarge] = [predictMessage(limit), predictMessage(limit + 1)];
  expect([largest.length, tooLarge.length]).toEqual([limit, limit + 1]);
  expect(await makeRawCall(socketPath, 'Predict', largest)).toMatchObject({ tensors: [{ tensorMetadata: { dataType: 'UINT8' } }] });
  await expect(makeRawCall(socketPath, 'Predict', tooLarge)).rejects.toMatchObject(refusal(String(limit + 1)));
  await expect(makeRawCall(socketPath, 'LoadModel', Buffer.alloc(limit + 7))).rejects.toMatchObject(refusal(String(limit + 7)));
});

test('a message far over the limit costs its client neither the reason nor the connection', async () => {
  const { client } = await useLimitedAgent();
  const bytes = new Uint8Array(100 * limit);
  for (let call = 0; call < 3; call += 1) await expect(client.predict('any', [{ bytes }])).rejects.toMatchObject({ kind: 'resource-exhausted', message: expect.stringMatching(/at most 1048576 bytes .* got 104857\d\d\d\. .*shared memory/) as string });
  expect(await client.predict('any', [{ bytes: new Uint8Array(1) }])).toHaveLength(1);
});

test('a compressed message is as long as what is in it', async () => {
  const { socketPath } = await useLimitedAgent();
  const gzip = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };
  expect(await makeRawCall(socketPath, 'Predict', predictMessage(limit), gzip)).toHaveProperty('tensors.length', 1);
  await expect(makeRawCall(socketPath, 'Predict', predictMessage(limit + 1), gzip)).rejects.toMatchObject(refusal('more once decompressed'));
});
