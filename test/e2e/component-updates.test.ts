import { copyFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { slowModel } from '../../scripts/measure/onnx-model.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { before, useUpdateNucleus } from '../helpers/update-nucleus.ts';
import { eventually, useAgent } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage, useInference } from '../helpers/use-inference.ts';
import { recipeOf, useNucleus } from '../helpers/use-nucleus.ts';

it('an agent defers an update while predictions run or models load, and lets it go on after that', async () => {
  const nucleus = await useUpdateNucleus();
  const agent = await useAgent({ environment: nucleus.environment });
  await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 150 }));
  await eventually(() => nucleus.listeners() === 1, 'the agent to listen');
  const answer = async (deploymentId: string): Promise<unknown> => {
    const { length } = nucleus.answers;
    nucleus.send(before(deploymentId));
    await eventually(() => nucleus.answers.length > length, 'the answer');
    return nucleus.answers.at(-1);
  };
  expect(await answer('idle')).toEqual({ deploymentId: 'idle', recheckAfterMs: 0, message: 'ready' });
  const loading = agent.client.loadModel('slow.onnx', 'slow');
  await eventually(() => agent.workers().length === 1, 'the worker');
  expect(await answer('loading')).toEqual({ deploymentId: 'loading', recheckAfterMs: 5_000, message: 'work is under way' });
  await loading;
  const predictions = Array.from({ length: 3 }, () => agent.client.predict('slow', [{ bytes: new Uint8Array(4) }]));
  await agent.client.listModels();
  expect(await answer('predicting')).toMatchObject({ recheckAfterMs: 5_000 });
  await Promise.all(predictions);
  expect(await answer('predicting')).toMatchObject({ recheckAfterMs: 0 });

  nucleus.disconnect();
  await eventually(() => agent.output().includes('connected to the Greengrass nucleus again') && nucleus.listeners() === 1, 'the agent to listen again');
  expect(await answer('again')).toMatchObject({ deploymentId: 'again', recheckAfterMs: 0 });
});

it('with DeferUpdatesSeconds 0, it defers nothing', async () => {
  const nucleus = await useUpdateNucleus();
  const agent = await useAgent({ args: ['--defer-updates-seconds', '0'], environment: nucleus.environment });
  await writeFile(join(agent.folder, 'slow.onnx'), slowModel({ steps: 150 }));
  await agent.client.loadModel('slow.onnx', 'slow');
  await eventually(() => nucleus.listeners() === 1, 'the agent to listen');
  const prediction = agent.client.predict('slow', [{ bytes: new Uint8Array(4) }]);
  await agent.client.listModels();
  nucleus.send(before('now'));
  await eventually(() => nucleus.answers.length === 1, 'the answer');
  expect(nucleus.answers[0]).toMatchObject({ recheckAfterMs: 0 });
  await prediction;
});

it('a nucleus that announces no updates is as good', async () => {
  const nucleus = await useUpdateNucleus({ silent: true });
  const agent = await useAgent({ args: ['--log-level', 'debug'], environment: nucleus.environment });
  await eventually(() => agent.output().includes('updates of components are not announced by this nucleus'), 'the note');
  expect(agent.output()).toMatch(/"level":"debug".*SubscribeToComponentUpdates was refused/);
  expect(await agent.client.listModels()).toEqual([]);
});

it('the inference component does not defer an update while there is no agent, which may come with it', async () => {
  const nucleus = await useUpdateNucleus();
  const folder = await temporaryFolder();
  const agent = await useAgent({ folder });
  for (let number = 0; number < 200; number += 1) await copyFile(join(photoFolder, 'dog.jpg'), join(folder, `${number}.jpg`));
  const component = useInference({ 'model-path': samplePackage, 'image-directory': folder, 'unix-socket-name': agent.socketPath, 'publish-to': 'stdout', 'agent-wait-seconds': 0.5 }, { environment: nucleus.environment });
  await eventually(() => component.results().length > 0 && nucleus.listeners() === 1, 'the first image');
  await agent.stop();
  await eventually(() => component.logged().some(({ msg }) => msg === 'waiting for the agent'), 'the component to wait');
  nucleus.send(before('cure'));
  await eventually(() => nucleus.answers.length === 1, 'the answer');
  expect(nucleus.answers[0]).toMatchObject({ deploymentId: 'cure', recheckAfterMs: 0 });
  const { length } = component.results();
  await useAgent({ folder });
  await eventually(() => component.results().length > length, 'another image');
  nucleus.send(before('next'));
  await eventually(() => nucleus.answers.length === 2, 'the answer');
  expect(nucleus.answers[1]).toMatchObject({ deploymentId: 'next', recheckAfterMs: 5_000 });
});

it('the inference component defers an update until it is through with its directory', async () => {
  const nucleus = await useUpdateNucleus();
  const { socketPath } = await useAgent();
  const folder = await temporaryFolder();
  for (let number = 0; number < 40; number += 1) await copyFile(join(photoFolder, 'dog.jpg'), join(folder, `${number}.jpg`));
  const component = useInference({ 'model-path': samplePackage, 'image-directory': folder, 'unix-socket-name': socketPath, 'publish-to': 'stdout' }, { environment: nucleus.environment });
  await eventually(() => component.results().length > 0 && nucleus.listeners() === 1, 'the first image');
  nucleus.send(before('one'));
  await eventually(() => nucleus.answers.length === 1, 'the answer');
  expect(nucleus.answers[0]).toMatchObject({ deploymentId: 'one', recheckAfterMs: 5_000 });
  expect(component.results().length).toBeLessThan(40);
  await eventually(() => component.results().length === 40, 'the last image');
  nucleus.send(before('one'));
  await eventually(() => nucleus.answers.length === 2, 'the answer');
  expect(nucleus.answers[1]).toMatchObject({ deploymentId: 'one', recheckAfterMs: 0 });
});

it('a deployment that is announced waits until the inference component is through with its directory', async () => {
  const { socketPath } = await useAgent();
  const folder = await temporaryFolder();
  const images = Array.from({ length: 60 }, (_, number) => `${number}.jpg`);
  for (const name of images) await copyFile(join(photoFolder, 'dog.jpg'), join(folder, name));
  const nucleus = await useNucleus();
  const configuration = { ImageDirectory: folder, ModelPath: samplePackage, UnixSocketName: socketPath, PublishTo: 'stdout' };
  const run = `exec "${process.execPath}" "${resolve('components/inference/main.ts')}" 1>/dev/null`;
  await nucleus.deploy({ recipes: [recipeOf('inference', { lifecycle: { run }, configuration })], components: { inference: '1.0.0' } });
  const classified = (): number => nucleus.output('inference').filter((line) => line.includes('"msg":"image classified"')).length;
  await eventually(() => classified() > 0, 'the first image');
  const next = recipeOf('inference', { version: '1.0.1', lifecycle: { run: 'exec sleep 1000' }, configuration });
  expect(await nucleus.change({ recipes: [next], add: { inference: '1.0.1' }, notifyComponents: true })).toMatchObject({ status: 'SUCCEEDED' });
  expect(classified()).toBe(images.length);
  const notes = nucleus.events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));
  expect(notes).toContainEqual(expect.stringMatching(/^inference defers deployment .* by 5000 ms: work is under way$/));
});
