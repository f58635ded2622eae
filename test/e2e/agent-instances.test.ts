import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { slowModel } from '../../scripts/measure/onnx-model.ts';
import { eventually, useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const input = { bytes: new Uint8Array(4) };

/** An agent with three workers for a model that takes a while. */
async function useInstances(steps: number, ...args: string[]): Promise<RunningAgent> {
  const agent = await useAgent({ args: ['--instances', '3', ...args] });
  await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps }));
  await agent.client.loadModel('slow.onnx', 'slow');
  return agent;
}

test('a model has as many workers as asked for, and all of them go with it', async () => {
  const agent = await useInstances(1);
  expect(agent.workers().length).toBe(3);
  expect((await agent.client.listModels()).map(({ name }) => name)).toEqual(['slow']);
  await agent.client.unloadModel('slow');
  expect(agent.workers()).toEqual([]);
});

test('predictions run side by side, and the queue begins behind them', async () => {
  const agent = await useInstances(300, '--queue-size', '1');
  const calls = Array.from({ length: 6 }, async () => agent.client.predict('slow', [input]).then(() => 'answered', (error: { kind: string }) => error.kind));
  const outcomes = await Promise.all(calls);
  // Three run, one waits, two are refused.
  expect(outcomes.toSorted()).toEqual(['answered', 'answered', 'answered', 'answered', 'resource-exhausted', 'resource-exhausted']);
});

test('a worker that dies costs its own prediction only, and the queue goes on with the others', async () => {
  const agent = await useInstances(300);
  const calls = Array.from({ length: 9 }, async () => agent.client.predict('slow', [input]).then(() => 'answered', (error: { kind: string }) => error.kind));
  await new Promise((done) => setTimeout(done, 100));
  const [victim = 0] = agent.workers();
  process.kill(victim, 'SIGKILL');
  const outcomes = await Promise.all(calls);
  expect(outcomes.filter((outcome) => outcome === 'unavailable').length).toBeLessThanOrEqual(1);
  expect(outcomes.filter((outcome) => outcome === 'answered').length).toBeGreaterThanOrEqual(8);
  await eventually(() => agent.workers().length === 3 && !agent.workers().includes(victim), 'the worker to be replaced');
});

test('when one worker cannot load the model, none is left', async () => {
  const agent = await useAgent({ args: ['--instances', '3'] });
  await writeFile(join(agent.folder, 'broken.onnx'), 'no model');
  await expect(agent.client.loadModel('broken.onnx', 'broken')).rejects.toMatchObject({ kind: 'failed-precondition' });
  expect(agent.workers()).toEqual([]);
  expect(await agent.client.listModels()).toEqual([]);
});
