import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { identityModel, slowModel } from '../../scripts/measure/onnx-model.ts';
import { useAgent, type RunningAgent } from '../helpers/use-agent.ts';

const input = [{ bytes: new Uint8Array(4) }];

/** An agent beside a quick model, one that takes seconds, and one that is none. */
async function useModels(...args: string[]): Promise<RunningAgent> {
  const agent = await useAgent({ args });
  await writeFile(join(agent.folder, 'quick.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1] }]));
  await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 400 }));
  await writeFile(join(agent.folder, 'broken.onnx'), 'no model');
  return agent;
}

/** `ok`, or the kind of the refusal. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(() => 'ok', (error: { kind: string }) => error.kind);
}

/** Notes which calls end, in their order. */
function useEvents(): { events: string[]; note: (name: string, call: Promise<unknown>) => Promise<void> } {
  const events: string[] = [];
  const note = async (name: string, call: Promise<unknown>): Promise<void> => {
    const outcome = await outcomeOf(call);
    events.push(`${name} ${outcome}`);
  };
  return { events, note };
}

const listed = async (agent: RunningAgent): Promise<string[]> => (await agent.client.listModels()).map(({ name }) => name);

describe('control calls of one alias at once', () => {
  test('of twenty loads one succeeds, and the others find the alias in use', async () => {
    const agent = await useModels();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcomeOf(agent.client.loadModel('quick.onnx', 'm'))));
    expect(outcomes.toSorted()).toEqual([...Array.from({ length: 19 }, () => 'already-exists'), 'ok']);
    expect(await listed(agent)).toEqual(['m']);
    expect(agent.workers()).toHaveLength(1);
    expect(await agent.client.predict('m', input)).toHaveLength(1);
  });

  test('of two unloads one succeeds, and the other finds nothing', async () => {
    const agent = await useModels();
    await agent.client.loadModel('quick.onnx', 'm');
    expect(await Promise.all([outcomeOf(agent.client.unloadModel('m')), outcomeOf(agent.client.unloadModel('m'))])).toEqual(['ok', 'not-found']);
    expect(agent.workers()).toEqual([]);
  });

  test('while the model loads, others are told so, and an unload waits', async () => {
    const agent = await useModels();
    const { events, note } = useEvents();
    const loading = note('load', agent.client.loadModel('quick.onnx', 'm'));
    const unloading = note('unload', agent.client.unloadModel('m'));
    await expect(agent.client.predict('m', input)).rejects.toMatchObject({ kind: 'not-found', message: 'Model "m" is still being loaded; loaded models: none.' });
    await expect(agent.client.describeModel('m')).rejects.toMatchObject({ kind: 'not-found' });
    expect(await listed(agent)).toEqual([]);
    events.push('looked');
    await Promise.all([loading, unloading]);
    expect(events).toEqual(['looked', 'load ok', 'unload ok']);
    expect(agent.workers()).toEqual([]);
  });

  test('an unload waits for the predictions before it, refuses those after it, and a load waits for the unload', async () => {
    const agent = await useModels();
    await agent.client.loadModel('slow.onnx', 'm');
    const { events, note } = useEvents();
    const predictions = [1, 2].map((count) => note(`prediction ${count}`, agent.client.predict('m', input)));
    await agent.client.listModels();
    const control = [note('unload', agent.client.unloadModel('m')), note('load', agent.client.loadModel('quick.onnx', 'm'))];
    await expect(agent.client.predict('m', input)).rejects.toMatchObject({ kind: 'not-found', message: 'Model "m" is being unloaded; loaded models: none.' });
    await expect(agent.client.describeModel('m')).rejects.toMatchObject({ kind: 'not-found' });
    expect(await listed(agent)).toEqual([]);
    events.push('looked');
    await Promise.all([...predictions, ...control]);
    expect(events).toEqual(['looked', 'prediction 1 ok', 'prediction 2 ok', 'unload ok', 'load ok']);
    expect((await agent.client.describeModel('m')).url).toBe('quick.onnx');
  });
});

describe('loads of different aliases', () => {
  test('run side by side, four at most', async () => {
    const agent = await useModels();
    let most = 0;
    const watching = setInterval(() => void (most = Math.max(most, agent.workers().length)), 5);
    onTestFinished(() => clearInterval(watching));
    // A model that cannot be loaded has a worker only while it loads.
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, index) => outcomeOf(agent.client.loadModel('broken.onnx', `m${index}`))));
    expect(outcomes).toEqual(Array.from({ length: 12 }, () => 'failed-precondition'));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    expect(agent.workers()).toEqual([]);
  });

  test('all succeed, and what waits when the agent is stopped gets a status', async () => {
    const agent = await useModels('--stop-timeout-seconds', '0');
    const aliases = Array.from({ length: 6 }, (_, index) => `m${index}`);
    await Promise.all(aliases.map((alias) => agent.client.loadModel('quick.onnx', alias)));
    expect((await listed(agent)).toSorted()).toEqual(aliases);
    const loading = Promise.all(Array.from({ length: 8 }, (_, index) => outcomeOf(agent.client.loadModel('quick.onnx', `n${index % 6}`))));
    await agent.client.listModels();
    expect(await agent.stop()).toBe(0);
    expect(new Set(await loading)).toEqual(new Set(['unavailable']));
  });
});

test('with one model\'s worker busy and its queue full, another predicts and control calls answer', async () => {
  const agent = await useModels('--queue-size', '2');
  await agent.client.loadModel('slow.onnx', 'slow');
  await agent.client.loadModel('quick.onnx', 'quick');
  const { events, note } = useEvents();
  const slow = Array.from({ length: 3 }, () => note('slow', agent.client.predict('slow', input)));
  expect(await outcomeOf(agent.client.predict('slow', input))).toBe('resource-exhausted');
  await note('quick', agent.client.predict('quick', input));
  await note('list', agent.client.listModels());
  await note('describe', agent.client.describeModel('slow'));
  await note('load', agent.client.loadModel('quick.onnx', 'third'));
  await note('unload', agent.client.unloadModel('third'));
  events.push('all of them');
  await Promise.all(slow);
  expect(events.filter((event) => event !== 'slow ok')).toEqual(['quick ok', 'list ok', 'describe ok', 'load ok', 'unload ok', 'all of them']);
  expect(events.slice(0, 3)).toEqual(['quick ok', 'list ok', 'describe ok']);
  expect(events.at(-1)).toBe('slow ok');
});
