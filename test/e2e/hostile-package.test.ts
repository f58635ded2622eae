import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makePipe } from '../helpers/make-pipe.ts';
import { pairManifest, pairModel, writePackage } from '../helpers/model-folder.ts';
import { useAgent, type RunningAgent } from '../helpers/use-agent.ts';

/** Shorter than a test may take: a worker that waits for a file answers `deadline-exceeded`. */
const impatient = { args: ['--load-timeout-seconds', '20'] };

/** What may lie where a file is expected. */
const obstacles: Record<string, (path: string) => Promise<unknown>> = {
  'a pipe': makePipe,
  'a folder': (path) => mkdir(path),
  'a socket': makeSocket,
  'a link to itself': (path) => symlink(path, path),
  'a link to an endless device': (path) => symlink('/dev/zero', path),
  'a huge file': async (path) => {
    await writeFile(path, '');
    await truncate(path, 3e9);
  },
};

async function makeSocket(path: string): Promise<void> {
  const server = createServer().listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
}

async function refusalOf(agent: RunningAgent, url: string): Promise<{ kind: string; message: string }> {
  return agent.client.loadModel(url, 'm').then(
    () => ({ kind: 'loaded', message: '' }),
    (error: { kind: string; message: string }) => error,
  );
}

async function expectUntouched(agent: RunningAgent): Promise<void> {
  expect(await agent.client.listModels()).toEqual([]);
  expect(agent.workers()).toEqual([]);
}

test.each(Object.entries(obstacles))('%s in place of any file of a package has it refused', async (what, put) => {
  const agent = await useAgent(impatient);
  // A size of 0 is what a pipe or a device pretends to have.
  const files = { 'model.onnx': pairModel, 'labels.txt': new Uint8Array() };
  const manifests = { 'model.onnx': pairManifest({}, { 'model.onnx': new Uint8Array() }), other: pairManifest({ labels: 'labels.txt' }, files) };
  // An empty folder beside them holds nothing that the model could read.
  for (const name of ['sagemaker_edge_manifest', 'sagemaker_edge_manifest.sig', 'model.onnx', 'labels.txt', ...(what === 'a folder' ? [] : ['beside.bin'])]) {
    const folder = join(agent.folder, `with-${name}`);
    await writePackage(folder, { files, manifest: JSON.stringify(name === 'model.onnx' ? manifests['model.onnx'] : manifests.other) });
    await rm(join(folder, name), { force: true });
    await put(join(folder, name));
    expect(await refusalOf(agent, folder), name).toMatchObject({ kind: 'failed-precondition', message: expect.stringContaining(name) as string });
  }
  await expectUntouched(agent);
});

test.each(Object.entries(obstacles).filter(([what]) => what !== 'a huge file'))('%s in place of an .onnx file is refused', async (what, put) => {
  const agent = await useAgent(impatient);
  await put(join(agent.folder, 'model.onnx'));
  const expected = what === 'a folder' || what === 'a link to itself' ? 'failed-precondition' : 'invalid-argument';
  expect(await refusalOf(agent, 'model.onnx')).toMatchObject({ kind: expected, message: expect.stringContaining('model.onnx') as string });
  await expectUntouched(agent);
});

test('a package with thousands of strange files is refused with the first of them', async () => {
  const agent = await useAgent(impatient);
  const folder = join(agent.folder, 'package');
  await writePackage(folder);
  for (let index = 0; index < 3_000; index += 1) await writeFile(join(folder, `${index}`.padStart(100, 'x')), '');
  expect(await refusalOf(agent, 'package')).toMatchObject({ kind: 'failed-precondition', message: expect.stringMatching(/^The package .* holds ("x+\d+", ){4}"x+\d+" and 2995 more, which its manifest does not list\./) as string });
  await expectUntouched(agent);
});

test('a manifest with thousands of faults is refused with a status that names the first of them', async () => {
  const agent = await useAgent(impatient);
  const faulty = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`../${index}`, { sha256: '', bytes: -1 }]));
  await writePackage(join(agent.folder, 'package'), { manifest: JSON.stringify(pairManifest({ files: faulty })) });
  expect(await refusalOf(agent, 'package')).toMatchObject({ kind: 'failed-precondition', message: expect.stringContaining('must be a relative path inside the package') as string });
  await expectUntouched(agent);
});
