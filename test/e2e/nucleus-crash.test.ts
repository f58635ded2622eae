import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ensureNucleus, stopNucleus } from '../../scripts/local-nucleus/background.ts';
import { agentArtifacts, agentComponent, agentRecipe, agentVersion } from '../helpers/agent-recipe.ts';
import { commandLineClient, deployOverIpc } from '../helpers/command-line.ts';
import { isAlive } from '../helpers/processes.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { photoFolder, samplePackage } from '../helpers/use-inference.ts';
import { recipeOf, useNucleus, writeFiles } from '../helpers/use-nucleus.ts';

test('the components of a nucleus that is killed end by themselves, and come back with the next one without an error', async () => {
  const folder = await temporaryFolder();
  const [root, socketPath] = [join(folder, 'root'), join(folder, 'agent.sock')];
  onTestFinished(async () => void (await stopNucleus(root)));
  const accessControl = { 'aws.greengrass.ipc.pubsub': { local: { operations: ['aws.greengrass#PublishToTopic'], resources: ['results'] } } };
  const configuration = { ImageDirectory: photoFolder, ImageName: 'dog.jpg', InferenceInterval: 0.2, ModelPath: samplePackage, UnixSocketName: socketPath, PublishTo: 'local', PublishResultsOnTopic: 'results', accessControl };
  const run = `echo $$ > .pid; exec "${process.execPath}" "${resolve('components/inference/main.ts')}"`;
  const { recipeDir, artifactDir } = await writeFiles(folder, { recipes: [agentRecipe({ UnixSocketName: socketPath }), recipeOf('inference', { lifecycle: { run }, configuration })], artifacts: agentArtifacts });
  const { pid } = await ensureNucleus({ root });
  const request = { recipeDirectoryPath: recipeDir, artifactsDirectoryPath: artifactDir, rootComponentVersionsToAdd: new Map([[agentComponent, agentVersion], ['inference', '1.0.0']]) };
  expect(await deployOverIpc(await commandLineClient(root), request)).toMatchObject({ status: 'SUCCEEDED' });
  await eventually(async () => (await readFile(join(root, 'logs/inference.log'), 'utf8')).includes('image classified'), 'an image');
  const pids = await Promise.all([agentComponent, 'inference'].map(async (name) => Number(await readFile(join(root, 'work', name, '.pid'), 'utf8'))));
  onTestFinished(() => pids.filter(isAlive).forEach((one) => process.kill(one, 'SIGKILL')));
  expect(pids.map(isAlive)).toEqual([true, true]);

  process.kill(pid, 'SIGKILL');
  await eventually(() => !pids.some(isAlive), 'the components to end');
  // One that is killed leaves it behind.
  expect(existsSync(socketPath)).toBe(false);

  const next = await useNucleus({ root });
  await eventually(() => next.output('inference').some((line) => line.includes('image classified')), 'an image of the next one');
  expect([agentComponent, 'inference'].map(next.state)).toEqual(['RUNNING', 'RUNNING']);
  expect(next.events.filter((event) => event.kind === 'state' && event.state === 'ERRORED')).toEqual([]);
});
