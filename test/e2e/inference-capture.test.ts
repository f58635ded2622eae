import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { agentSink } from '../../components/inference/capture-sender.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
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

test('a capture waits for an agent that is away, and for its model', async () => {
  const folder = await temporaryFolder();
  const sink = agentSink({ socketPath: join(folder, 'agent.sock'), timeoutMs: 20_000 });
  onTestFinished(() => sink.close());
  const capturing = sink.capture({ model: 'tiny', id: 'early', inputs: [{ bytes: new Uint8Array(1), metadata: { name: 'x', dtype: 'UINT8', shape: [1] } }], outputs: [] });
  const agent = await useAgent({ folder, args: ['--capture-data-destination', 'Disk'] });
  await writeFile(join(folder, 'tiny.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  await agent.client.loadModel('tiny.onnx', 'tiny');
  await capturing;
  expect(['IN_PROGRESS', 'SUCCESS']).toContain(await agent.client.captureStatus('early'));
});

test('and no longer than it may take, or than it is wanted', async () => {
  const capture = { model: 'tiny', id: 'a', inputs: [], outputs: [] };
  const socketPath = join(await temporaryFolder(), 'agent.sock');
  await expect(agentSink({ socketPath, timeoutMs: 700 }).capture(capture)).rejects.toMatchObject({ kind: 'unavailable' });
  const sink = agentSink({ socketPath, timeoutMs: 60_000 });
  const capturing = sink.capture(capture);
  setTimeout(() => sink.close(), 50);
  await expect(capturing).rejects.toMatchObject({ kind: 'unavailable' });
});

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
