import { readFile, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readClassifier } from '../../components/inference/model-package.ts';
import { preprocess } from '../../components/inference/preprocess.ts';
import { changedPackage, writeCaptures, type Captured } from '../helpers/replay-captures.ts';
import { replayJson } from '../helpers/run-replay.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { useAgent } from '../helpers/use-agent.ts';

const original = resolve('components/models/efficientnet-lite0/package');
const photos = resolve('components/inference/photos');

/** What an agent made of the bundled photos; every other capture has its photo with it. */
async function photoCaptures(): Promise<Captured[]> {
  const classifier = await readClassifier(original);
  const agent = await useAgent({ args: ['--intra-op-threads', '1'] });
  await agent.client.loadModel(original, 'classifier');
  const captures: Captured[] = [];
  for (const name of (await readdir(photos)).filter((one) => one.endsWith('.jpg')).sort()) {
    const image = join(photos, name);
    const { bytes, ...metadata } = await preprocess(image, classifier.input);
    const outputs = await agent.client.predict('classifier', [{ bytes, metadata }]);
    captures.push({ id: basename(name, '.jpg'), model: 'classifier', inputs: [{ ...metadata, bytes }], outputs, ...(captures.length % 2 === 0 ? { image } : {}) });
  }
  return captures;
}

async function capturedPhotos(change = (captures: Captured[]): Captured[] => captures): Promise<string> {
  const root = await temporaryFolder();
  await writeCaptures(root, change(await photoCaptures()));
  return root;
}

const exact = ['--threads', '1'];

describe('the model that was captured', () => {
  test.each([['in-process'], ['agent']])('gives what it gave, via %s', async (via) => {
    const report = await replayJson(await capturedPhotos(), '--model', original, ...exact, '--via', via);
    expect(report).toMatchObject({
      model: { name: 'efficientnet-lite0', version: '1.0.0' },
      via,
      captures: { found: 8, compared: 8, skipped: 0, fromTensor: 8, fromImage: 0 },
      capturedModels: [{ name: 'classifier', version: '1.0.0', count: 8 }],
      topOne: { output: 'logits', compared: 8, agreed: 8, agreement: 1, scoreShift: { count: 8, mean: 0, p50: 0, p95: 0, max: 0 }, changes: [], confusion: [] },
      outputs: [{ name: 'logits', compared: 8, elements: 8000, maxAbs: 0, meanAbs: 0, unlike: 0, worst: [] }],
      skipped: [],
      mismatches: [],
      notes: [expect.stringMatching(/^4 captures carry their image.*--captured-with/) as string],
    });
  });

  test('gives what it gave of the photos as well, which are prepared again', async () => {
    const report = await replayJson(await capturedPhotos(), '--model', original, ...exact, '--from', 'image');
    expect(report).toMatchObject({ captures: { compared: 4, skipped: 4, fromTensor: 0, fromImage: 4 }, topOne: { agreement: 1 }, outputs: [{ maxAbs: 0 }], skipped: [{ reason: 'no-image', count: 4 }], notes: [] });
  });

  test('runs in an agent that others use, and leaves it as it was', async () => {
    const agent = await useAgent({ args: ['--intra-op-threads', '1'] });
    await agent.client.loadModel(original, 'mine');
    const report = await replayJson(await capturedPhotos(), '--model', original, '--via', 'agent', '--socket', agent.socketPath);
    expect(report).toMatchObject({ via: 'agent', topOne: { agreement: 1 }, outputs: [{ maxAbs: 0 }] });
    expect((await agent.client.listModels()).map(({ name }) => name)).toEqual(['mine']);
  });
});

describe('another model', () => {
  test('of permuted labels gives every capture another label, with the same score', async () => {
    const permuted = await changedPackage(original, join(await temporaryFolder(), 'package'), ({ metadata }) => void (metadata.model_version = '1.1.0'), (labels) => [...labels.slice(1), ...labels.slice(0, 1)]);
    const captures = await capturedPhotos();
    const { topOne, outputs, capturedWith, model } = await replayJson(captures, '--model', permuted, '--captured-with', original, ...exact);
    expect({ capturedWith, model }).toMatchObject({ capturedWith: { path: original, version: '1.0.0' }, model: { path: permuted, version: '1.1.0' } });
    expect(topOne).toMatchObject({ compared: 8, agreed: 0, agreement: 0 });
    expect(outputs).toMatchObject([{ maxAbs: 0 }]);
    const panda = topOne?.changes.find(({ id }) => id === 'panda');
    expect(panda).toMatchObject({ made: 'tensor', from: { label: 'giant panda' }, to: { label: 'barracouta' } });
    expect(panda?.to?.now).toBe(panda?.from.captured);
    expect(topOne?.confusion).toContainEqual({ from: 'giant panda', to: 'barracouta', count: 1 });
    // Nothing is known of the captured labels without the package of that model.
    expect((await replayJson(captures, '--model', permuted, ...exact)).topOne?.agreement).toBe(1);
  });

  test('that prepares images in another way is run on the images', async () => {
    const stretched = await changedPackage(original, join(await temporaryFolder(), 'package'), ({ inputs: [{ image }] }) => void Object.assign(image, { resize: 'stretch', colourOrder: 'BGR', scale: [-0.004, 0.01, 0.006] }));
    const html = join(await temporaryFolder(), 'report.html');
    const report = await replayJson(await capturedPhotos(), '--model', stretched, '--captured-with', original, ...exact, '--html', html, '--html-limit', '1');
    expect(report).toMatchObject({ captures: { compared: 4, skipped: 4, fromTensor: 0, fromImage: 4 }, skipped: [{ reason: 'inputs-differ', count: 4, examples: expect.arrayContaining([expect.objectContaining({ detail: 'input "image" is prepared otherwise than the captured tensor' })]) as object[] }] });
    expect(report.outputs[0]?.maxAbs).toBeGreaterThan(0.5);
    const changed = report.topOne?.changes ?? [];
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.map(({ shift }) => Math.abs(shift ?? 0))).toEqual(changed.map(({ shift }) => Math.abs(shift ?? 0)).toSorted((a, b) => b - a));
    const page = await readFile(html, 'utf8');
    expect(page.match(/<article/g)).toHaveLength(1);
    expect(page).toMatch(/src="data:image\/webp;base64,[^"]+" [^>]*alt="captured image"/);
    expect(page).toContain(changed[0]?.from.label);
  });
});
