import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Capture } from '../../../components/common/agent-client.ts';
import { CaptureSender } from '../../../components/inference/capture-sender.ts';
import { Capturer, type CaptureSettings } from '../../../components/inference/capturer.ts';
import type { Classification } from '../../../components/inference/classify.ts';
import { resultMessage } from '../../../components/inference/result-message.ts';
import { Sampler } from '../../../components/inference/sampler.ts';
import { captureSink } from '../../helpers/capture-sink.ts';
import { useLogger } from '../../helpers/use-logger.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const settings: CaptureSettings = {
  ModelName: 'pets',
  CaptureEveryNth: 1,
  CaptureRandomShare: 0,
  CaptureScoreBelow: 0,
  CaptureLabels: '',
  CaptureOnTopChange: false,
  CaptureMaxPerMinute: 0,
  CaptureImage: false,
  CapturePriority: '',
};
const at = new Date('2026-03-01T12:00:00.123Z');
const tensor = (name: string, ...values: number[]): Classification['input'] => ({ name, dtype: 'UINT8', shape: [1, values.length], bytes: Uint8Array.from(values) });

function classification(image: string): Classification {
  const message = resultMessage({ image, classifier: { name: 'm', version: '1' }, classes: [], timings: { preprocess: 1, predict: 1, total: 2 }, threshold: 0.3, maxResults: 5, at });
  return { image, at, message, top: { label: 'cat', score: 0.2 }, input: tensor('image', 1, 2, 3), outputs: [tensor('scores', 4, 5), tensor('features', 6)] };
}

/** What is captured of images, and how it is counted and told. */
async function captured(images: readonly string[], changes: Partial<CaptureSettings> = {}): Promise<{ captures: Capture[]; counts: object; lines: Record<string, unknown>[] }> {
  const sink = captureSink();
  const { log, lines } = useLogger();
  const sender = new CaptureSender({ sink, log });
  const capturer = new Capturer({ sampler: new Sampler(), sender, log });
  for (const image of images) capturer.consider(classification(image), { ...settings, ...changes });
  await sender.finish(10_000);
  return { captures: sink.captures, counts: capturer.counts, lines: lines.filter(({ level }) => level !== 'debug') };
}

test('a capture holds the input tensor and every output', async () => {
  const { captures, counts } = await captured(['/data/dog.jpg']);
  expect(captures).toEqual([
    {
      model: 'pets',
      id: expect.stringMatching(/^pets-20260301T120000123Z-[0-9a-f]{8}$/) as string,
      at,
      inputs: [{ bytes: Uint8Array.of(1, 2, 3), metadata: { name: 'image', dtype: 'UINT8', shape: [1, 3] } }],
      outputs: [
        { bytes: Uint8Array.of(4, 5), metadata: { name: 'scores', dtype: 'UINT8', shape: [1, 2] } },
        { bytes: Uint8Array.of(6), metadata: { name: 'features', dtype: 'UINT8', shape: [1, 1] } },
      ],
      auxiliaryInputs: [],
    },
  ]);
  expect(counts).toEqual({ captured: 1, capturesRefused: 0, capturesSkipped: 0, capturesWithoutImage: 0 });
});

test('ids differ for images of the same moment', async () => {
  const { captures } = await captured(['a.jpg', 'a.jpg', 'a.jpg']);
  expect(new Set(captures.map(({ id }) => id)).size).toBe(3);
});

test('a priority goes along when there is one', async () => {
  const { captures } = await captured(['a.jpg'], { CapturePriority: '9' });
  expect(captures[0]?.auxiliaryInputs).toEqual([{ name: 'fescue-priority', encoding: 'NONE', bytes: Buffer.from('9') }]);
});

test('what no policy picks is not captured', async () => {
  expect((await captured(['a.jpg', 'b.jpg'], { CaptureEveryNth: 0 })).captures).toEqual([]);
  expect((await captured(['a.jpg', 'b.jpg'], { CaptureEveryNth: 0, CaptureScoreBelow: 0.3 })).captures).toHaveLength(2);
});

describe('the image file', () => {
  test('goes along as it is', async () => {
    const path = join(await temporaryFolder(), 'dog.jpg');
    await writeFile(path, 'image bytes');
    const { captures, lines } = await captured([path], { CaptureImage: true, CapturePriority: '0' });
    expect(captures[0]?.auxiliaryInputs).toEqual([
      { name: 'dog.jpg', encoding: 'NONE', bytes: Buffer.from('image bytes') },
      { name: 'fescue-priority', encoding: 'NONE', bytes: Buffer.from('0') },
    ]);
    expect(lines).toEqual([]);
  });

  test('is left out when it is too large or cannot be read, which is told once', async () => {
    const folder = await temporaryFolder();
    const [largest, larger, directory] = ['largest.jpg', 'larger.jpg', 'directory.jpg'].map((name) => join(folder, name)) as [string, string, string];
    for (const path of [largest, larger]) await writeFile(path, '');
    await truncate(largest, 16 * 1024 * 1024);
    await truncate(larger, 16 * 1024 * 1024 + 1);
    await mkdir(directory);
    const { captures, counts, lines } = await captured([larger, largest, directory, join(folder, 'gone.jpg')], { CaptureImage: true });
    expect(captures).toHaveLength(4);
    expect(captures.flatMap(({ auxiliaryInputs = [] }) => auxiliaryInputs.map(({ name }) => name))).toEqual(['largest.jpg']);
    expect(counts).toMatchObject({ captured: 4, capturesWithoutImage: 3 });
    expect(lines).toMatchObject([{ level: 'warn', msg: expect.stringMatching(/^an image was left out of its capture/) as string }]);
  });
});
