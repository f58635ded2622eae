import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { useAgent } from '../helpers/use-agent.ts';

test('nothing is gathered about the models and put aside for others', async () => {
  // ONNX Runtime's telemetry writes what it will send to the home and the temporary folder.
  const home = await temporaryFolder();
  const { client, folder } = await useAgent({ environment: { TMPDIR: home, HOME: home } });
  await writeFile(join(folder, 'any.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  await client.loadModel('any.onnx', 'any');
  await client.predict('any', [{ bytes: new Uint8Array(1) }]);
  await client.unloadModel('any');
  expect(await readdir(home, { recursive: true })).toEqual([]);
});
