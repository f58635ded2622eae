import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { manifestFileName } from '../../components/common/model-manifest.ts';
import { segmentsOf } from '../helpers/segments.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage, useInference } from '../helpers/use-inference.ts';

/** A folder with some of the photos. */
async function photos(...names: string[]): Promise<string> {
  const folder = join(await temporaryFolder(), 'photos');
  await mkdir(folder);
  for (const name of names) await cp(join(photoFolder, name), join(folder, name));
  return folder;
}

const flagsFor = (socketPath: string, more: Record<string, string | number>): Record<string, string | number> => ({ 'unix-socket-name': socketPath, 'model-path': samplePackage, ...more });

describe('by hand', () => {
  test('classifies a directory and each new photo, and unloads the model in the end', async () => {
    const agent = await useAgent();
    const folder = await photos('dog.jpg', 'panda.jpg');
    const inference = useInference(flagsFor(agent.socketPath, { 'image-directory': folder, 'max-results': 2 }));
    await eventually(() => inference.results().length === 2, 'two results');
    expect(inference.results().map((result) => [basename(result.image), result['inference-results'][0]?.Label])).toEqual([['dog.jpg', 'German shepherd'], ['panda.jpg', 'giant panda']]);
    expect(inference.results()[0]).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      'inference-type': 'image-classification',
      'inference-description': 'Top 2 predictions with score 0.3 or above',
      model: 'efficientnet-lite0',
      'model-version': '1.0.0',
    });
    await cp(join(photoFolder, 'castle.jpg'), join(folder, 'castle.jpg'));
    await eventually(() => inference.results().length === 3, 'the new photo');
    expect((await agent.client.listModels()).map(({ name }) => name)).toEqual(['efficientnet-lite0']);
    expect(await inference.stop('SIGINT')).toBe(0);
    expect(await agent.client.listModels()).toEqual([]);
    expect(inference.logged().at(-1)).toMatchObject({ msg: 'stopped' });
  });

  test('classifies one image every interval', async () => {
    const agent = await useAgent();
    const inference = useInference(flagsFor(agent.socketPath, { 'image-directory': photoFolder, 'image-name': 'dog.jpg', 'inference-interval': 0.1 }));
    await eventually(() => inference.results().length >= 3, 'three results');
    expect(await inference.stop()).toBe(0);
  });
});

test('a component that was killed leaves shared memory only until the next one starts', async () => {
  const agent = await useAgent();
  const flags = flagsFor(agent.socketPath, { 'image-directory': photoFolder, 'image-name': 'dog.jpg', 'inference-interval': 0.1 });
  const killed = useInference(flags);
  await eventually(() => killed.results().length > 0, 'a result');
  await killed.stop('SIGKILL');
  expect(segmentsOf(killed.pid)).toHaveLength(1);
  const next = useInference(flags);
  await eventually(() => next.results().length > 0, 'a result of the next one');
  expect(segmentsOf(killed.pid)).toEqual([]);
  expect(await next.stop()).toBe(0);
  expect(segmentsOf(next.pid)).toEqual([]);
});

describe('large tensors', () => {
  /** What the component has in shared memory, and what it said of it, after two photos. */
  async function observe(flags: Record<string, string | number>): Promise<{ segments: number; left: number; warnings: number; labels: unknown[] }> {
    const agent = await useAgent();
    const inference = useInference(flagsFor(agent.socketPath, { 'image-directory': await photos('dog.jpg', 'panda.jpg'), ...flags }));
    await eventually(() => inference.results().length === 2, 'two results');
    const segments = segmentsOf(inference.pid).length;
    expect(await inference.stop()).toBe(0);
    const warnings = inference.logged().filter(({ msg }) => String(msg).startsWith('shared memory cannot be used')).length;
    return { segments, warnings, left: segmentsOf(inference.pid).length, labels: inference.results().map((result) => result['inference-results'][0]?.Label) };
  }

  const labels = ['German shepherd', 'giant panda'];

  test('go through one segment of shared memory, which is gone afterwards', async () => {
    expect(await observe({})).toEqual({ segments: 1, left: 0, warnings: 0, labels });
  });

  test('go as bytes below the threshold', async () => {
    expect(await observe({ 'shared-memory-threshold-bytes': 1_000_000 })).toEqual({ segments: 0, left: 0, warnings: 0, labels });
  });
});

describe('faults', () => {
  test('waits for an agent that is not there yet, and can be stopped meanwhile', async () => {
    const folder = await temporaryFolder();
    const flags = flagsFor(join(folder, 'agent.sock'), { 'image-directory': await photos('dog.jpg'), 'agent-wait-seconds': 0.2 });
    const [stopped, patient] = [useInference(flags), useInference(flags)];
    await eventually(() => [stopped, patient].every((one) => one.errors().includes('waiting for the agent')), 'both to wait');
    expect(await stopped.stop()).toBe(0);
    await useAgent({ folder });
    await eventually(() => patient.results().length === 1, 'the result');
  });

  test('loads the model again after the agent was killed, and loses no image', async () => {
    const first = await useAgent();
    const folder = await photos('dog.jpg');
    const inference = useInference(flagsFor(first.socketPath, { 'image-directory': folder }));
    await eventually(() => inference.results().length === 1, 'the first result');
    await first.stop('SIGKILL');
    await cp(join(photoFolder, 'panda.jpg'), join(folder, 'panda.jpg'));
    await eventually(() => inference.errors().includes('the model does not answer; loading it again'), 'the fault to be noticed');
    await useAgent({ folder: first.folder, socketPath: first.socketPath });
    await eventually(() => inference.results().length === 2, 'the second result');
    expect(inference.results()[1]?.['inference-results'][0]?.Label).toBe('giant panda');
    expect(await inference.stop()).toBe(0);
  });

  test('goes on when the model was unloaded under it', async () => {
    const agent = await useAgent();
    const inference = useInference(flagsFor(agent.socketPath, { 'image-directory': photoFolder, 'image-name': 'dog.jpg', 'inference-interval': 0.1 }));
    await eventually(() => inference.results().length === 1, 'the first result');
    await agent.client.unloadModel('efficientnet-lite0');
    const before = inference.results().length;
    await eventually(() => inference.results().length > before + 1, 'further results');
  });

  test('skips what is no image, says so, counts it, and goes on', async () => {
    const agent = await useAgent();
    const folder = await photos('dog.jpg');
    await writeFile(join(folder, 'broken.png'), 'no image');
    await writeFile(join(folder, 'empty.jpg'), '');
    const inference = useInference(flagsFor(agent.socketPath, { 'image-directory': folder }));
    await eventually(() => inference.results().length === 1, 'the photo');
    await eventually(() => inference.logged().filter(({ msg }) => msg === 'image skipped').length === 2, 'the other two');
    expect(inference.logged().find(({ msg }) => msg === 'image skipped')).toMatchObject({ level: 'error', image: join(folder, 'broken.png'), skipped: 1, reason: expect.stringMatching(/broken\.png is no image/) as string });
    expect(await inference.stop()).toBe(0);
    expect(inference.logged().find(({ msg }) => msg === 'stopping')).toMatchObject({ classified: 1, skipped: 2, unpublished: 0 });
  });

  test('replaces a model that another left under its name', async () => {
    const agent = await useAgent();
    const other = join(await temporaryFolder(), 'other');
    await cp(samplePackage, other, { recursive: true });
    await agent.client.loadModel(other, 'efficientnet-lite0');
    const inference = useInference(flagsFor(agent.socketPath, { 'image-directory': await photos('dog.jpg') }));
    await eventually(() => inference.results().length === 1, 'the result');
    expect((await agent.client.describeModel('efficientnet-lite0')).url).toBe(samplePackage);
  });

  test('ends with one clear message when its package cannot be used', async () => {
    const agent = await useAgent();
    const folder = join(await temporaryFolder(), 'package');
    const run = async (modelPath: string): Promise<[number | null, string]> => {
      const inference = useInference(flagsFor(agent.socketPath, { 'model-path': modelPath, 'image-directory': folder }));
      const code = await inference.exited;
      return [code, inference.errors().split('\n').filter((line) => !line.startsWith('{')).join('\n')];
    };
    expect(await run('/nowhere')).toEqual([1, expect.stringMatching(/^inference: Model package: \/nowhere\/sagemaker_edge_manifest cannot be read.*correct ModelPath\.\n$/)]);

    await cp(samplePackage, folder, { recursive: true });
    const manifest = JSON.parse(await readFile(join(folder, manifestFileName), 'utf8')) as { inputs: { shape: number[] }[] };
    manifest.inputs[0]?.shape.splice(2, 2, 200, 200);
    await writeFile(join(folder, manifestFileName), JSON.stringify(manifest));
    expect(await run(folder)).toEqual([1, expect.stringMatching(/The manifest declares inputs "image" as FLOAT32 \[1, 3, 200, 200\]; the model has "image" FLOAT32 \[1, 3, 224, 224\]/)]);

    await writeFile(join(folder, 'model.onnx'), 'other content');
    expect(await run(folder)).toEqual([1, expect.stringMatching(/model\.onnx/)]);
  });

  test('tells every problem of its configuration at once', async () => {
    const inference = useInference({ 'max-results': 0, 'score-threshold': 'high' });
    expect(await inference.exited).toBe(1);
    expect(inference.errors()).toMatch(/ScoreThreshold: expected a number from 0 to 1, got "high"\n {2}MaxResults: expected a whole number/);
    expect(inference.errors()).not.toMatch(/\n {4}at /);
  });
});
