import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readClassifier } from '../../../components/inference/model-package.ts';
import { makePipe } from '../../helpers/make-pipe.ts';
import { pairManifest, pairModel, writePackage } from '../../helpers/model-folder.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const image = { resize: 'stretch', layout: 'NCHW' };
const classifier = { task: 'image-classification', labels: 'labels.txt', inputs: [{ name: 'x', dtype: 'FLOAT32', shape: [1, 3, 2, 2], image }], outputs: [{ name: 'y', dtype: 'FLOAT32', shape: [1, 2] }] };

async function classifierPackage(): Promise<string> {
  const folder = await temporaryFolder();
  const files = { 'model.onnx': pairModel, 'labels.txt': Buffer.from('cat\r\ndog\n') };
  await writePackage(folder, { files, manifest: JSON.stringify(pairManifest(classifier, files)) });
  return folder;
}

test('a classifier is read with its labels', async () => {
  expect(await readClassifier(await classifierPackage())).toMatchObject({ name: 'pair', input: { name: 'x' }, output: { name: 'y' }, labels: ['cat', 'dog'] });
});

test.each(['sagemaker_edge_manifest', 'labels.txt'])('a pipe as %s is refused instead of waited for', async (name) => {
  const folder = await classifierPackage();
  await rm(join(folder, name));
  await makePipe(join(folder, name));
  await expect(readClassifier(folder)).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringContaining(`${join(folder, name)} is no regular file`) as string });
});
