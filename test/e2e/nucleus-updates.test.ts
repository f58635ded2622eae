import type { Client } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';
import { expect, test } from 'vitest';
import { clientOf, printToken } from '../helpers/ipc-client.ts';
import { eventually } from '../helpers/use-agent.ts';
import { recipeOf, type TestNucleus, useNucleus } from '../helpers/use-nucleus.ts';

type Heard = { pre: string[]; post: string[] };

/** A nucleus with a component that listens for updates, and what it heard. */
async function useListener(options: { updateTimeoutMs?: number } = {}): Promise<{ nucleus: TestNucleus; client: Client; heard: Heard; unsubscribe: () => Promise<void> }> {
  const nucleus = await useNucleus(options);
  await nucleus.deploy({ recipes: [recipeOf('one', { lifecycle: { startup: printToken } })], components: { one: '1.0.0' } });
  await eventually(() => nucleus.output('one').length === 1, 'the token');
  const client = await clientOf(nucleus, 'one');
  const heard: Heard = { pre: [], post: [] };
  const stream = client.subscribeToComponentUpdates({});
  stream.on('message', ({ preUpdateEvent, postUpdateEvent }) => {
    if (preUpdateEvent !== undefined) heard.pre.push(preUpdateEvent.deploymentId);
    if (postUpdateEvent !== undefined) heard.post.push(postUpdateEvent.deploymentId);
  });
  await stream.activate();
  return { nucleus, client, heard, unsubscribe: async () => stream.close() };
}

const update = { recipes: [recipeOf('two', { lifecycle: { run: 'exec sleep 1000' } })], add: { two: '1.0.0' }, notifyComponents: true };

test('a deployment waits for who defers it, asks again, and tells when it is over', async () => {
  const { nucleus, client, heard } = await useListener();
  const { id: deploymentId, done } = await nucleus.submit(update);
  await eventually(() => heard.pre.length === 1, 'the question');
  await client.deferComponentUpdate({ deploymentId, recheckAfterMs: 100, message: 'busy' });
  expect(nucleus.state('two')).toBeUndefined();
  await eventually(() => heard.pre.length === 2, 'the question again');
  expect(nucleus.state('two')).toBeUndefined();
  await client.deferComponentUpdate({ deploymentId, recheckAfterMs: 0 });
  expect(await done).toMatchObject({ status: 'SUCCEEDED' });
  await eventually(() => heard.post.length === 1, 'the news');
  expect(heard).toEqual({ pre: [deploymentId, deploymentId], post: [deploymentId] });
  await expect(client.deferComponentUpdate({ deploymentId, recheckAfterMs: 0 })).rejects.toMatchObject({ serviceError: { message: expect.stringMatching(/Time limit to respond/) as string } });
});

test('who never answers, or leaves, holds nothing up for longer than the time limit', async () => {
  const { nucleus, heard, unsubscribe } = await useListener({ updateTimeoutMs: 200 });
  expect(await nucleus.change(update)).toMatchObject({ status: 'SUCCEEDED' });
  expect(heard.pre.length).toBe(1);

  const patient = await useListener({ updateTimeoutMs: 2 ** 31 - 1 });
  const { done } = await patient.nucleus.submit(update);
  await eventually(() => patient.heard.pre.length === 1, 'the question');
  await patient.unsubscribe();
  expect(await done).toMatchObject({ status: 'SUCCEEDED' });
  await unsubscribe();
});

test('a deferred deployment can be cancelled, which its subscribers hear of', async () => {
  const { nucleus, client, heard } = await useListener();
  const { id: deploymentId, done } = await nucleus.submit(update);
  await eventually(() => heard.pre.length === 1, 'the question');
  await client.deferComponentUpdate({ deploymentId, recheckAfterMs: 2 ** 31 - 1 });
  nucleus.nucleus.cancel(deploymentId);
  expect(await done).toMatchObject({ status: 'CANCELED' });
  await eventually(() => heard.post.length === 1, 'the news');
  expect(nucleus.state('two')).toBeUndefined();
});

test('a local deployment asks nobody, and only who asked to be asked may defer', async () => {
  const { nucleus, heard, client, unsubscribe } = await useListener();
  expect(await nucleus.change({ ...update, notifyComponents: false })).toMatchObject({ status: 'SUCCEEDED' });
  expect(heard).toEqual({ pre: [], post: [] });
  await unsubscribe();
  await client.getConfiguration({ keyPath: [] });
  await expect(client.deferComponentUpdate({ deploymentId: 'any' })).rejects.toThrow(/InvalidArgumentsError|serviceError/);
});
