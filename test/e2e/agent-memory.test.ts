import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useAgent } from '../helpers/use-agent.ts';

test('a model larger than the memory of this machine is refused, and nothing is started for it', async () => {
  const agent = await useAgent();
  const { client, folder } = agent;
  // A sparse file takes no room on the disk.
  await writeFile(join(folder, 'huge.onnx'), '');
  await truncate(join(folder, 'huge.onnx'), 4e12);
  await expect(client.loadModel('huge.onnx', 'huge')).rejects.toMatchObject({ kind: 'resource-exhausted', message: expect.stringMatching(/needs about 80000\d\d MB for a worker while it loads, and \d+ MB are available/) as string });
  expect(agent.workers()).toEqual([]);
  expect(await client.listModels()).toEqual([]);
});
