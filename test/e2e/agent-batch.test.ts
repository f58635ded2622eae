import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { onnxModel, type OnnxNode } from '../../scripts/measure/onnx-model.ts';
import { httpRequest } from '../helpers/http-get.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

/** Multiplies its input by the number of rows of the run: what comes back tells how many requests of one row ran together. */
const tellRows: OnnxNode[] = [
  { operator: 'Shape', inputs: ['x'], outputs: ['shape'], attributes: { end: 1 } },
  { operator: 'Cast', inputs: ['shape'], outputs: ['rows'], attributes: { to: 1 } },
  { operator: 'Mul', inputs: ['x', 'rows'], outputs: ['y'] },
];

const batched = ['n', 'm'];

async function useModel(options: { args?: string[]; nodes?: OnnxNode[]; inputShape?: (string | number)[]; outputShape?: (string | number)[] } = {}): Promise<RunningAgent> {
  const folder = await temporaryFolder();
  const agent = await useAgent({ folder, args: ['--metrics-address', join(folder, 'metrics.sock'), ...(options.args ?? ['--max-batch', '4'])] });
  const model = onnxModel({
    inputs: [{ name: 'x', type: 'FLOAT32', shape: options.inputShape ?? batched }],
    outputs: [{ name: 'y', type: 'FLOAT32', shape: options.outputShape ?? batched }],
    nodes: options.nodes ?? tellRows,
    weights: [{ name: 'four', shape: [4, 1], values: Float32Array.of(1, 2, 3, 4) }],
  });
  await writeFile(join(agent.folder, 'model.onnx'), model);
  await agent.client.loadModel('model.onnx', 'model');
  return agent;
}

type Answer = number[] | string;

/** Sends the tensors while the worker stands still, so that all but the first wait; answers with their outputs or refusals. */
async function predictAtOnce(agent: RunningAgent, tensors: { shape: number[]; values: number[] }[]): Promise<Answer[]> {
  const [worker = 0] = agent.workers();
  process.kill(worker, 'SIGSTOP');
  const calls: Promise<Answer>[] = [];
  for (const { shape, values } of tensors) {
    const bytes = new Uint8Array(Float32Array.from(values).buffer);
    calls.push(agent.client.predict('model', [{ bytes, metadata: { dtype: 'FLOAT32', shape } }]).then(([output]) => (output === undefined ? [] : [...new Float32Array(Uint8Array.from(output.bytes).buffer)]), (error: Error) => error.message));
  }
  const depth = `fescue_agent_queue_depth{model="model"} ${tensors.length - 1}\n`;
  await eventually(async () => (await httpRequest({ socketPath: join(agent.folder, 'metrics.sock'), path: '/metrics' })).text.includes(depth), 'all to arrive');
  process.kill(worker, 'SIGCONT');
  return Promise.all(calls);
}

const rows = (count: number): { shape: number[]; values: number[] }[] => Array.from({ length: count }, (_, index) => ({ shape: [1, 1], values: [index + 1] }));

describe('predictions that wait', () => {
  test('run one by one without MaxBatch', async () => {
    const agent = await useModel({ args: [] });
    expect(await predictAtOnce(agent, rows(4))).toEqual([[1], [2], [3], [4]]);
  });

  test('run together, as many as MaxBatch says, and each gets its own rows back', async () => {
    const agent = await useModel();
    expect(await predictAtOnce(agent, rows(8))).toEqual([[1], [2 * 4], [3 * 4], [4 * 4], [5 * 4], [6 * 3], [7 * 3], [8 * 3]]);
    expect(await predictAtOnce(agent, rows(1))).toEqual([[1]]);
  });

  test('run together when the model has no name for the first axis', async () => {
    const agent = await useModel({ inputShape: ['', 'm'], outputShape: ['', 'm'] });
    expect(await predictAtOnce(agent, rows(3))).toEqual([[1], [2 * 2], [3 * 2]]);
  });

  test('run together with those of the same shape only', async () => {
    const agent = await useModel();
    const [wide, narrow] = [{ shape: [1, 2], values: [1, 2] }, { shape: [2, 1], values: [5, 6] }];
    expect(await predictAtOnce(agent, [wide, narrow, wide, narrow, wide])).toEqual([[1, 2], [20, 24], [2, 4], [20, 24], [2, 4]]);
  });

  test('of which one is wrong run together without it', async () => {
    const agent = await useModel();
    const answers = await predictAtOnce(agent, [...rows(3), { shape: [1, 3], values: [1] }]);
    expect(answers).toEqual([[1], [4], [6], expect.stringContaining('takes 12 bytes, got 4')]);
  });

  test('carry large tensors', async () => {
    const agent = await useModel();
    const large = Array.from({ length: 3 }, (_, call) => ({ shape: [1, 20_000], values: Array.from({ length: 20_000 }, (__, index) => call * 20_000 + index) }));
    const [alone, ...together] = await predictAtOnce(agent, large);
    expect(alone).toEqual(large[0]?.values);
    expect(together).toEqual(large.slice(1).map(({ values }) => values.map((value) => value * 2)));
  });

  test('run one by one when together they fail', async () => {
    // Four rows can be added to the weights, eight cannot.
    const agent = await useModel({ nodes: [{ operator: 'Add', inputs: ['x', 'four'], outputs: ['y'] }] });
    const column = { shape: [4, 1], values: [0, 10, 20, 30] };
    expect(await predictAtOnce(agent, [column, column, column])).toEqual(Array.from({ length: 3 }, () => [1, 12, 23, 34]));
  });

  test('run one by one when the model does not keep their rows apart', async () => {
    const agent = await useModel({ nodes: [{ operator: 'ReduceSum', inputs: ['x'], outputs: ['y'] }] });
    expect(await predictAtOnce(agent, rows(4))).toEqual([[1], [2], [3], [4]]);
  });

  test.each([
    ['has a fixed first axis', { inputShape: [1, 'm'], outputShape: [1, 'm'] }],
    ['names the first axes differently', { outputShape: ['k', 'm'] }],
  ])('run one by one when the model %s, and the log says so', async (_, shapes) => {
    const agent = await useModel(shapes);
    expect(await predictAtOnce(agent, rows(4))).toEqual([[1], [2], [3], [4]]);
    await eventually(() => agent.output().includes('MaxBatch'), 'the log to say why');
  });
});
