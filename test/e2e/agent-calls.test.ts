import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PredictInput } from '../../components/common/agent-client.ts';
import { FescueError } from '../../components/common/errors.ts';
import { dataTypes, elementBytes } from '../../components/common/tensor.ts';
import { identityModel, onnxModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { useAgent } from '../helpers/use-agent.ts';

const pair = identityModel([{ name: 'x', type: 'FLOAT32', shape: ['batch', 2] }]);

function float32(...values: number[]): Uint8Array {
  return new Uint8Array(new Float32Array(values).buffer);
}

/** The error of a promise that must be rejected. */
async function refusal(promise: Promise<unknown>): Promise<FescueError> {
  const outcome = await promise.catch((error: unknown) => error);
  if (outcome instanceof FescueError) return outcome;
  throw new Error('expected a refusal, but the call succeeded');
}

describe('control calls', () => {
  it('load, list, describe and unload a bare .onnx file named relative to the working directory', async () => {
    const agent = await useAgent();
    await writeFile(join(agent.folder, 'pair.onnx'), pair);
    const expected = {
      url: './pair.onnx',
      name: 'pair-1',
      inputs: [{ name: 'x', dtype: 'FLOAT32', shape: [-1, 2] }],
      outputs: [{ name: 'x_out', dtype: 'FLOAT32', shape: [-1, 2] }],
    };
    expect(await agent.client.loadModel('./pair.onnx', 'pair-1')).toEqual(expected);
    expect(await agent.client.listModels()).toEqual([expected]);
    expect(await agent.client.describeModel('pair-1')).toEqual(expected);
    expect(agent.workers()).toHaveLength(1);
    await agent.client.unloadModel('pair-1');
    expect(await agent.client.listModels()).toEqual([]);
    expect(agent.workers()).toHaveLength(0);
    expect((await refusal(agent.client.unloadModel('pair-1'))).kind).toBe('not-found');
    expect((await refusal(agent.client.describeModel('pair-1'))).kind).toBe('not-found');
  });

  it('of one alias run one after the other: of two loads at once the second finds the alias in use', async () => {
    const agent = await useAgent();
    await writeFile(join(agent.folder, 'pair.onnx'), pair);
    const [first, second] = await Promise.allSettled([agent.client.loadModel('pair.onnx', 'm'), agent.client.loadModel('pair.onnx', 'm')]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { kind: 'already-exists' } });
    expect(await agent.client.listModels()).toHaveLength(1);
  });

  it('let the second of two loads at once succeed when the first fails', async () => {
    const agent = await useAgent();
    await writeFile(join(agent.folder, 'pair.onnx'), pair);
    const [first, second] = await Promise.allSettled([agent.client.loadModel('nothing.onnx', 'm'), agent.client.loadModel('pair.onnx', 'm')]);
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('answer while a model runs, and unloading waits for the running prediction', async () => {
    const agent = await useAgent();
    await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 150 }));
    await agent.client.loadModel('slow.onnx', 'slow');
    const events: string[] = [];
    const running = agent.client.predict('slow', [{ bytes: new Uint8Array(4) }]).then(() => events.push('predicted'));
    await agent.client.listModels();
    events.push('listed');
    const unloading = agent.client.unloadModel('slow').then(() => events.push('unloaded'));
    await Promise.all([running, unloading]);
    expect(events).toEqual(['listed', 'predicted', 'unloaded']);
    expect((await refusal(agent.client.predict('slow', []))).kind).toBe('not-found');
  });
});

describe('Predict', () => {
  it.each(dataTypes)('carries %s tensors of any length unchanged', async (dtype) => {
    const agent = await useAgent();
    await writeFile(join(agent.folder, 'identity.onnx'), identityModel([{ name: 'x', type: dtype, shape: ['n', 3] }]));
    await agent.client.loadModel('identity.onnx', 'm');
    for (const rows of [0, 1, 7]) {
      const bytes = Uint8Array.from({ length: rows * 3 * elementBytes[dtype] }, (_, index) => (index * 7) % 120);
      const [output] = await agent.client.predict('m', [{ bytes, metadata: { name: 'x', dtype, shape: [rows, 3] } }]);
      expect(output).toMatchObject({ name: 'x_out', dtype, shape: [rows, 3] });
      expect(Buffer.from(output?.bytes ?? []).equals(bytes)).toBe(true);
    }
  });

  it('matches several inputs by name and answers several outputs in the model\'s order', async () => {
    const agent = await useAgent();
    const scalar = (name: string) => ({ name, type: 'FLOAT32', shape: [1] }) as const;
    const model = onnxModel({
      inputs: [scalar('a'), scalar('b')],
      outputs: [scalar('sum'), scalar('difference')],
      nodes: [
        { operator: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
        { operator: 'Sub', inputs: ['a', 'b'], outputs: ['difference'] },
      ],
    });
    await writeFile(join(agent.folder, 'two.onnx'), model);
    await agent.client.loadModel('two.onnx', 'm');
    const input = (name: string, value: number): PredictInput => ({ bytes: float32(value), metadata: { name, dtype: 'FLOAT32', shape: [1] } });
    const outputs = await agent.client.predict('m', [input('b', 2), input('a', 5)]);
    expect(outputs.map(({ name, bytes }) => [name, Buffer.from(bytes).readFloatLE()])).toEqual([
      ['sum', 7],
      ['difference', 3],
    ]);
  });

  it('takes messages far above 4 MiB', async () => {
    const agent = await useAgent();
    await writeFile(join(agent.folder, 'big.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
    await agent.client.loadModel('big.onnx', 'm');
    const [output] = await agent.client.predict('m', [{ bytes: new Uint8Array(16 * 1024 * 1024).fill(7) }]);
    expect(output?.bytes.length).toBe(16 * 1024 * 1024);
  });
});
