import { createHash } from 'node:crypto';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import { useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const onnx = identityModel([{ name: 'x', type: 'FLOAT32', shape: [1, 2] }]);
const tensor = { dtype: 'FLOAT32', shape: [1, 2] };

function manifest(changes: object = {}): object {
  const sha256 = createHash('sha256').update(onnx).digest('hex');
  return {
    metadata: { model_name: 'pair', model_version: '1.0.0' },
    format: 'onnx',
    entry: 'model.onnx',
    files: { 'model.onnx': { sha256, bytes: onnx.length } },
    inputs: [{ name: 'x', ...tensor }],
    outputs: [{ name: 'x_out', ...tensor }],
    ...changes,
  };
}

async function writePackage(agent: RunningAgent, text: string): Promise<void> {
  await mkdir(join(agent.folder, 'package'));
  await writeFile(join(agent.folder, 'package', 'model.onnx'), onnx);
  await writeFile(join(agent.folder, 'package', 'sagemaker_edge_manifest'), text);
}

describe('a model package', () => {
  it('loads from a sibling folder, as components of the original unpack it', async () => {
    const agent = await useAgent();
    await writePackage(agent, JSON.stringify(manifest()));
    await mkdir(join(agent.folder, 'work'));
    expect(await agent.client.loadModel('work/../package', 'm')).toMatchObject({ url: 'work/../package', inputs: [{ name: 'x', ...tensor }] });
  });

  const unusable: [string, object | string, RegExp][] = [
    ['whose manifest is no JSON', '{"metadata": ', /not valid JSON/],
    [
      'whose manifest has several faults, all named at once',
      manifest({ metadata: { model_version: 1 }, format: 'tflite', entry: '../model.onnx' }),
      /metadata\.model_name.*metadata\.model_version.*format.*entry/s,
    ],
    ['with a file of another digest', manifest({ files: { 'model.onnx': { sha256: '0'.repeat(64), bytes: onnx.length } } }), /expected SHA-256 0+ .*got [0-9a-f]{64}/],
    ['with a file cut off', manifest({ files: { 'model.onnx': { sha256: '0'.repeat(64), bytes: onnx.length + 1 } } }), /expected \d+ bytes .*got \d+/],
    ['that lacks a file', manifest({ files: { 'model.onnx': { sha256: '0'.repeat(64), bytes: 1 }, 'a.txt': { sha256: '0'.repeat(64), bytes: 1 } } }), /model\.onnx: expected 1 bytes/],
    ['that declares tensors the model does not have', manifest({ outputs: [{ name: 'y', ...tensor }] }), /outputs "y" as FLOAT32 \[1, 2\]; the model has "x_out"/],
    ['whose entry is not among its files', manifest({ entry: 'other.onnx' }), /"other\.onnx" is not listed under files/],
  ];
  it.each(unusable)('%s is refused', async (_, content, text) => {
    const agent = await useAgent();
    await writePackage(agent, typeof content === 'string' ? content : JSON.stringify(content));
    await expect(agent.client.loadModel('package', 'm')).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringMatching(text) });
  });

  it('with a file that leads outside is refused', async () => {
    const agent = await useAgent();
    await writePackage(agent, JSON.stringify(manifest()));
    await rename(join(agent.folder, 'package', 'model.onnx'), join(agent.folder, 'elsewhere.onnx'));
    await symlink('../elsewhere.onnx', join(agent.folder, 'package', 'model.onnx'));
    await expect(agent.client.loadModel('package', 'm')).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringContaining('leads outside') });
  });
});
