import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SharedBuffer } from '../../components/common/shared-buffer.ts';
import { identityModel, onnxModel, slowModel, type OnnxValue } from '../../scripts/measure/onnx-model.ts';
import { segmentsOf } from '../helpers/segments.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const int32 = (...values: number[]): { bytes: Uint8Array } => ({ bytes: new Uint8Array(Int32Array.from(values).buffer) });

/** An agent with a healthy model beside the one that is to crash. */
async function useTwoModels(model: Uint8Array): Promise<RunningAgent> {
  const agent = await useAgent();
  await writeFile(join(agent.folder, 'fragile.onnx'), model);
  await writeFile(join(agent.folder, 'healthy.onnx'), identityModel([{ name: 'x', type: 'INT32', shape: [1] }]));
  await agent.client.loadModel('fragile.onnx', 'fragile');
  await agent.client.loadModel('healthy.onnx', 'healthy');
  return agent;
}

/** The other model does not notice, and the crashed one comes back. */
async function expectOnlyOneHurt(agent: RunningAgent, healthyWorker: number | undefined, predict: () => Promise<unknown>): Promise<void> {
  expect(await agent.client.predict('healthy', [int32(1)])).toHaveLength(1);
  await eventually(() => predict().then(() => true, () => false), 'the model to predict again');
  expect(agent.workers()).toContain(healthyWorker);
  expect(agent.workers()).toHaveLength(2);
}

test('a tensor that makes native code trap costs its own prediction', async () => {
  const number = (name: string): OnnxValue => ({ name, type: 'INT32', shape: [1] });
  const division = onnxModel({ inputs: [number('a'), number('b')], outputs: [number('y')], nodes: [{ operator: 'Div', inputs: ['a', 'b'], outputs: ['y'] }] });
  const agent = await useTwoModels(division);
  const [, healthyWorker] = agent.workers();
  const divide = async (a: number, b: number): Promise<string> => agent.client.predict('fragile', [int32(a), int32(b)]).then(([output]) => String(Buffer.from(output?.bytes ?? []).readInt32LE()), (error: Error) => error.message);
  expect(await divide(6, 3)).toBe('2');
  // The quotient has no 32-bit form. The processor decides: an x86 traps, an ARM wraps around.
  expect(await divide(-(2 ** 31), -1)).toMatch(process.arch === 'x64' ? /worker process is gone: it was ended by SIGFPE/ : /^-2147483648$/);
  await expectOnlyOneHurt(agent, healthyWorker, () => agent.client.predict('fragile', [int32(6), int32(3)]));
});

test.each(['SIGABRT', 'SIGSEGV', 'SIGBUS'] as const)('a worker that ends by %s while it predicts costs the predictions under way', async (signal) => {
  const agent = await useTwoModels(slowModel({ steps: 300 }));
  const [worker = 0, healthyWorker] = agent.workers();
  const underWay = [1, 2].map(() => agent.client.predict('fragile', [{ bytes: new Uint8Array(4) }]));
  await agent.client.listModels();
  process.kill(worker, signal);
  for (const outcome of await Promise.allSettled(underWay)) expect(outcome).toMatchObject({ reason: { kind: 'unavailable', message: expect.stringContaining(`it was ended by ${signal}`) as string } });
  await expectOnlyOneHurt(agent, healthyWorker, () => agent.client.predict('fragile', [{ bytes: new Uint8Array(4) }]));
});

test('a worker that crashes while it loads costs its LoadModel, and the alias is free again', async () => {
  const agent = await useAgent();
  await writeFile(join(agent.folder, 'healthy.onnx'), identityModel([{ name: 'x', type: 'INT32', shape: [1] }]));
  const loading = agent.client.loadModel('healthy.onnx', 'm').catch((error: unknown) => error);
  await eventually(() => agent.workers().length === 1, 'the worker to start');
  process.kill(agent.workers()[0] ?? 0, 'SIGSEGV');
  expect(await loading).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('it was ended by SIGSEGV') as string });
  await agent.client.loadModel('healthy.onnx', 'm');
});

test('a worker killed while it reads a client\'s segment and the agent\'s leaves neither behind', async () => {
  const agent = await useAgent();
  const values = ['a', 'b'].map((name): OnnxValue => ({ name, type: 'FLOAT32', shape: ['n'] }));
  const steps = Array.from({ length: 60 }, (_, step) => ({ operator: 'Exp', inputs: [step === 0 ? 'a' : `h${step}`], outputs: [step === 59 ? 'y' : `h${step + 1}`] }));
  await writeFile(join(agent.folder, 'long.onnx'), onnxModel({ inputs: values, outputs: [{ name: 'y', type: 'FLOAT32', shape: ['n'] }, { name: 'z', type: 'FLOAT32', shape: ['n'] }], nodes: [...steps, { operator: 'Identity', inputs: ['b'], outputs: ['z'] }] }));
  await agent.client.loadModel('long.onnx', 'long');
  const [worker = 0] = agent.workers();
  const bytes = 8_000_000;
  const buffer = new SharedBuffer(bytes);
  const metadata = (name: string): { name: string; dtype: 'FLOAT32'; shape: number[] } => ({ name, dtype: 'FLOAT32', shape: [bytes / 4] });
  const predict = (): Promise<unknown> => agent.client.predict('long', [{ shared: buffer.handle, metadata: metadata('a') }, { bytes: new Uint8Array(bytes), metadata: metadata('b') }]);
  await predict();
  const underWay = predict().catch((error: { kind: string }) => error.kind);
  await agent.client.listModels();
  process.kill(worker, 'SIGKILL');
  expect(await underWay).toBe('unavailable');
  buffer.close();
  await eventually(() => segmentsOf(process.pid).length === 0, 'the client\'s segment to go');
  await eventually(() => segmentsOf(agent.pid).length === 0, 'the agent\'s segment to go');
});
