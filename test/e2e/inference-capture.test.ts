import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { capturedLines } from '../helpers/captured-lines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage, useInference, type RunningInference } from '../helpers/use-inference.ts';

/** A folder with a picture of noise, which no format makes smaller. */
async function noise(): Promise<string> {
  const folder = join(await temporaryFolder(), 'photos');
  await mkdir(folder);
  await sharp(randomBytes(600 * 600 * 3), { raw: { width: 600, height: 600, channels: 3 } }).png().toFile(join(folder, 'noise.png'));
  return folder;
}

const lines = (inference: RunningInference, message: RegExp): Record<string, unknown>[] => inference.logged().filter(({ msg }) => message.test(String(msg)));

test('a capture the agent refuses is told once and counted, and classification goes on', async () => {
  // Tensor and image are more than one message may have; the prediction goes through shared memory.
  const agent = await useAgent({ args: ['--max-message-megabytes', '1'] });
  const inference = useInference({
    'unix-socket-name': agent.socketPath,
    'model-path': samplePackage,
    'image-directory': await noise(),
    'image-name': 'noise.png',
    'inference-interval': 0.1,
    'capture-every-nth': 1,
    'capture-image': 'true',
  });
  await eventually(() => Number(lines(inference, /^image classified/).at(-1)?.['capturesRefused']) > 2, 'refused captures');
  const classified = inference.results().length;
  await eventually(() => inference.results().length > classified + 2, 'further results');
  expect(await inference.stop()).toBe(0);
  expect(lines(inference, /^a capture was refused/)).toMatchObject([{ level: 'warn', kind: 'resource-exhausted' }]);
  const last = lines(inference, /^stopping/)[0] ?? {};
  const { classified: all, capturesRefused: refused, capturesSkipped: skipped } = last;
  expect(last).toMatchObject({ classified: inference.results().length, captured: 0, refusals: { 'resource-exhausted': refused } });
  expect(Number(refused) + Number(skipped)).toBe(all);
});

test('without a policy nothing is captured', async () => {
  const agent = await useAgent();
  const inference = useInference({ 'unix-socket-name': agent.socketPath, 'model-path': samplePackage, 'image-directory': photoFolder, 'capture-image': 'true', 'capture-priority': 9 });
  await eventually(() => inference.results().length > 2, 'results');
  expect(await inference.stop()).toBe(0);
  expect(lines(inference, /^stopping/)).toMatchObject([{ captured: 0, capturesRefused: 0, capturesSkipped: 0, capturesWithoutImage: 0, refusals: {} }]);
});

test('what a policy picks comes to the disk: tensors, outputs, the image, its priority', async () => {
  const agent = await useAgent({ args: ['--capture-data-destination', 'Disk', '--capture-data-push-period-seconds', '0.1'] });
  const inference = useInference({ 'unix-socket-name': agent.socketPath, 'model-path': samplePackage, 'image-directory': photoFolder, 'capture-labels': 'German shepherd', 'capture-image': 'true', 'capture-priority': 9 });
  await eventually(() => inference.results().length === 8, 'all photos');
  expect(await inference.stop()).toBe(0);
  expect(lines(inference, /^stopping/)).toMatchObject([{ captured: 1, capturesRefused: 0 }]);
  const captures = await capturedLines(join(agent.folder, 'capture'), 1);
  expect(captures).toMatchObject([
    {
      deviceFleetInputs: [{ name: 'image', observedContentType: 'Tensor[FLOAT32; 1, 3, 224, 224]' }],
      deviceFleetOutputs: [{ name: 'logits' }],
      deviceFleetAuxiliaryInputs: [{ name: 'dog.jpg', observedContentType: 'jpg' }, { name: 'fescue-priority', data: Buffer.from('9').toString('base64') }],
      eventMetadata: { modelName: 'efficientnet-lite0', modelVersion: '1.0.0' },
    },
  ]);
});
