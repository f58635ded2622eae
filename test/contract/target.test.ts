import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { openTarget as openGreengrass } from '../../scripts/deploy/greengrass-target.ts';
import { openTarget as openLite } from '../../scripts/deploy/lite-target.ts';
import { localRunner } from '../../scripts/deploy/local-runner.ts';
import { openTarget as openLocal } from '../../scripts/deploy/local-target.ts';
import type { Order } from '../../scripts/deploy/order.ts';
import type { OpenTarget, Target } from '../../scripts/deploy/target.ts';
import { useCliNucleus } from '../helpers/cli-nucleus.ts';
import { greengrassRootIn, useStandIns } from '../helpers/stand-ins.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { recipeOf } from '../helpers/use-nucleus.ts';
import { describeTarget } from './target.ts';

describeTarget('local nucleus', async (scenario) => {
  const folder = await temporaryFolder();
  const nucleus = await useCliNucleus(folder, scenario);
  const target = await opened(openLocal, nucleus.root);
  return { target, order: await orderIn(folder), received: async () => nucleus.received(), logFile: (component) => join(nucleus.root, 'logs', `${component}.log`), configures: true, rotates: true };
});

describeTarget('greengrass-cli', async (scenario) => {
  const { folder, received } = await useStandIns(scenario);
  const root = await greengrassRootIn(folder);
  return { target: await opened(openGreengrass, root), order: await orderIn(folder), received, logFile: (component) => join(root, 'logs', `${component}.log`), configures: true, rotates: true };
});

describeTarget('nucleus lite', async (scenario) => {
  const { folder, received } = await useStandIns(scenario);
  return { target: await opened(openLite, undefined), order: await orderIn(folder), received, logFile: (component) => join(folder, `${component}.log`), configures: false, rotates: false };
});

async function opened(open: OpenTarget, root: string | undefined): Promise<Target> {
  const target = await open({ runner: localRunner(), root, interactive: false });
  onTestFinished(async () => target.close());
  return target;
}

async function orderIn(folder: string): Promise<Order> {
  const folders = { recipeDir: join(folder, 'recipes'), artifactDir: join(folder, "the user's artifacts") };
  await mkdir(folders.recipeDir);
  await mkdir(folders.artifactDir);
  const add = { 'com.example.camera.Model': '2.0.0', 'com.example.Camera': '1.2.0' };
  for (const [name, version] of Object.entries(add)) await writeFile(join(folders.recipeDir, `${name}-${version}.yaml`), stringify(recipeOf(name, { version, lifecycle: { startup: 'true' } })));
  return { folders, add, remove: [], configuration: {} };
}
