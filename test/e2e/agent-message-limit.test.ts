import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { makeRawCall } from '../helpers/raw-call.ts';
import { useAgent } from '../helpers/use-agent.ts';

const limit = 1024 * 1024;

test('a message far over the limit costs its client neither the reason nor the connection', async () => {
  const { client, folder } = await useAgent({ args: ['--max-message-megabytes', '1'] });
  await writeFile(join(folder, 'any.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  await client.loadModel('any.onnx', 'any');
  const bytes = new Uint8Array(100 * limit);
  for (let call = 0; call < 3; call += 1) {
    const predicted = client.predict('any', [{ bytes }]).then(() => 'answered');
    await expect(predicted).rejects.toMatchObject({ kind: 'resource-exhausted', message: expect.stringMatching(/at most 1048576 bytes \(MaxMessageMegabytes: 1\), got 104857\d\d\d bytes\. .*shared memory/) as string });
  }
  expect(await client.predict('any', [{ bytes: new Uint8Array(1) }])).toHaveLength(1);
});

test.each(['LoadModel', 'ListModels', 'CaptureData'] as const)('the limit is also that of %s', async (method) => {
  const { socketPath } = await useAgent({ args: ['--max-message-megabytes', '1'] });
  await expect(makeRawCall(socketPath, method, Buffer.alloc(limit + 7))).rejects.toMatchObject({ code: 8, details: expect.stringContaining(`(MaxMessageMegabytes: 1), got ${limit + 7} bytes`) });
});
