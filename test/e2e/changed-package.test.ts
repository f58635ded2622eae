import { chmod, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { onnxModel } from '../../scripts/measure/onnx-model.ts';
import { pairManifest, pairModel, writePackage } from '../helpers/model-folder.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const numbers = [{ bytes: new Uint8Array(8) }];

/** Puts other bytes in the place of the model's file, as an update of its component does. */
async function replaceModel(folder: string): Promise<void> {
  await writeFile(join(folder, 'other.onnx'), Buffer.concat([pairModel.subarray(0, -1), Buffer.from([7])]));
  await rename(join(folder, 'other.onnx'), join(folder, 'model.onnx'));
}

/** A model of two numbers with 40 MB of weights in a file beside it: long enough in loading to be disturbed. */
function heavyModel(): Record<string, Uint8Array> {
  const values = new Float32Array(10_000_000);
  const model = onnxModel({
    inputs: [{ name: 'x', type: 'FLOAT32', shape: [1, 2] }],
    outputs: [{ name: 'x_out', type: 'FLOAT32', shape: [1, 5_000_000] }],
    nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['x_out'] }],
    weights: [{ name: 'w', shape: [2, 5_000_000], values, file: 'weights/w.bin' }],
  });
  return { 'model.onnx': model, 'weights/w.bin': new Uint8Array(values.buffer) };
}

async function restarted(agent: RunningAgent): Promise<void> {
  await eventually(() => agent.client.predict('m', numbers).then(() => true, () => false), 'the model to predict again');
}

test('a loaded model goes on when its files are replaced; its next worker refuses them, and Predict says why until they are back', async () => {
  const agent = await useAgent();
  const folder = join(agent.folder, 'package');
  await writePackage(folder);
  await agent.client.loadModel('package', 'm');
  await replaceModel(folder);
  expect(await agent.client.predict('m', numbers)).toHaveLength(1);

  const [worker = 0] = agent.workers();
  process.kill(worker, 'SIGKILL');
  const refusals = (): number => agent.output().split('model could not be loaded again').length - 1;
  await eventually(() => refusals() >= 3, 'three refused restarts');
  const refusal = (await agent.client.predict('m', numbers).catch((error: unknown) => error)) as { kind: string; message: string };
  expect(refusal.kind).toBe('unavailable');
  expect(refusal.message).toMatch(/ended by SIGKILL; then loading it again failed: .*model\.onnx: expected SHA-256/);
  expect(refusal.message.match(/loading it again failed/g)).toHaveLength(1);
  expect((await agent.client.listModels()).map(({ name }) => name)).toEqual(['m']);

  await writeFile(join(folder, 'model.onnx'), pairModel);
  await restarted(agent);
});

test('a package that is written to while it loads is refused, and loads when that is over', async () => {
  const agent = await useAgent();
  const folder = join(agent.folder, 'package');
  const files = heavyModel();
  await writePackage(folder, { files, manifest: JSON.stringify(pairManifest({ outputs: [] }, files)) });
  let disturbed = true;
  onTestFinished(() => void (disturbed = false));
  const disturbing = (async () => {
    for (let round = 0; disturbed; round += 1) await chmod(join(folder, 'weights/w.bin'), round % 2 === 0 ? 0o600 : 0o644);
  })();
  await expect(agent.client.loadModel('package', 'm')).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringMatching(/weights\/w\.bin was changed while the model was loaded/) as string });
  disturbed = false;
  await disturbing;
  await agent.client.loadModel('package', 'm');
});
