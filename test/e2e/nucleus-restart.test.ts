import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clientOf, printToken } from '../helpers/ipc-client.ts';
import { eventually } from '../helpers/use-agent.ts';
import { recipeOf, type TestNucleus, useNucleus } from '../helpers/use-nucleus.ts';

const hard = { VersionRequirement: '*', DependencyType: 'HARD' };
const recipes = [
  recipeOf('top', { lifecycle: { install: 'echo install', run: 'echo word {configuration:/Word}; exec sleep 1000' }, configuration: { Word: 'default' }, dependencies: { base: hard } }),
  recipeOf('base', { lifecycle: { startup: printToken }, configuration: { Count: 0 } }),
];

async function useDeployed(): Promise<TestNucleus> {
  const nucleus = await useNucleus();
  await nucleus.change({ recipes, add: { top: '1.0.0' }, configuration: { top: { MERGE: { Word: 'merged' } } } });
  return nucleus;
}

const running = ({ nucleus }: TestNucleus): string[] => nucleus.components().map(({ name, version, state }) => `${name} ${version} ${state}`);

test('a nucleus that comes back has the components, their configuration, and its past', async () => {
  const before = await useDeployed();
  await eventually(() => before.output('base').length === 1, 'the token');
  const now = new Date();
  await (await clientOf(before, 'base')).updateConfiguration({ keyPath: [], timestamp: now, valueToMerge: { Count: 5 } });
  await before.nucleus.stop();

  const after = await useNucleus({ root: before.nucleus.root });
  await eventually(() => running(after).join() === 'base 1.0.0 RUNNING,top 1.0.0 RUNNING', 'the components');
  await eventually(() => after.output('top').length === 2, 'its output');
  expect(after.output('top')).toEqual(['install', 'word merged']);
  expect(after.nucleus.deployments().map(({ status }) => status)).toEqual(['SUCCEEDED']);
  await eventually(() => after.output('base').length === 1, 'the token');
  const client = await clientOf(after, 'base');
  expect((await client.getConfiguration({ keyPath: [] })).value).toEqual({ Count: 5 });
  // Also when each of it was changed.
  await expect(client.updateConfiguration({ keyPath: [], timestamp: new Date(now.getTime() - 1000), valueToMerge: { Count: 4 } })).rejects.toMatchObject({ serviceError: { message: expect.stringMatching(/later change/) as string } });
  // The root components are known, so that this one goes with what it needed.
  await after.change({ remove: ['top'] });
  expect(running(after)).toEqual([]);
});

test('a nucleus that was killed in the middle of a deployment comes back as it was before', async () => {
  const before = await useDeployed();
  const { root } = before.nucleus;
  const state = await readFile(join(root, 'state.json'), 'utf8');
  const other = recipeOf('top', { lifecycle: { run: 'echo other; exec sleep 1000' }, dependencies: { base: hard } });
  await before.change({ recipes: [other], add: { top: '1.0.0' } });
  await before.nucleus.stop();

  // As the disk is when the files were exchanged already: the old ones are set aside, and the state is the old one.
  await writeFile(join(root, 'state.json'), state.replace('"SUCCEEDED"', '"IN_PROGRESS"'));
  await mkdir(join(root, 'packages/set-aside/top/1.0.0'), { recursive: true });
  await writeFile(join(root, 'packages/set-aside/top/1.0.0/recipe.yaml'), JSON.stringify(recipes[0]));

  const after = await useNucleus({ root });
  await eventually(() => after.output('top').length === 2, 'the old component');
  expect(after.output('top')).toEqual(['install', 'word merged']);
  expect(after.nucleus.deployments()).toMatchObject([{ status: 'CANCELED', reason: expect.stringMatching(/stopped before it was done/) as string }]);
});

test.each([
  ['cut off', '{"groups": {"LOCAL', /it is no JSON/],
  ['of another kind', '{"groups": 7}', /it holds something else than expected/],
])('state that is %s is set aside, told, and does not keep it from starting', async (_name, content, reason) => {
  const before = await useDeployed();
  const { root } = before.nucleus;
  await before.nucleus.stop();
  await writeFile(join(root, 'state.json'), content);
  const after = await useNucleus({ root });
  expect(after.events).toContainEqual({ kind: 'note', text: expect.stringMatching(reason) as string });
  expect(await readFile(join(root, 'state.json.damaged'), 'utf8')).toBe(content);
  expect(running(after)).toEqual([]);
  // The store is still there.
  expect(await after.change({ add: { top: '1.0.0' } })).toMatchObject({ status: 'SUCCEEDED' });
});

test('what is gone from the store is told, and does not keep it from starting', async () => {
  const before = await useDeployed();
  const { root } = before.nucleus;
  await before.nucleus.stop();
  await rm(join(root, 'packages/recipes/top-1.0.0.yaml'));
  const after = await useNucleus({ root });
  expect(after.events).toContainEqual({ kind: 'note', text: expect.stringMatching(/cannot be started: Component top 1\.0\.0 was deployed here, but its recipe is no longer in/) as string });
  expect(await after.change({ recipes, add: { top: '1.0.0' } })).toMatchObject({ status: 'SUCCEEDED' });
});

test('a root so long that the socket has no short name is reached from the work folder', async () => {
  const before = await useDeployed();
  const root = join(before.nucleus.root, 'x'.repeat(120));
  const nucleus = await useNucleus({ root });
  const connect = `"${process.execPath}" -e 'require("net").connect(process.env.AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT).on("connect", () => { console.log("connected"); process.exit(); })'`;
  await nucleus.change({ recipes: [recipeOf('one', { lifecycle: { startup: 'echo $AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT; sh connect.sh' }, artifacts: [] })], add: { one: '1.0.0' }, failurePolicy: 'DO_NOTHING' });
  await writeFile(join(root, 'work/one/connect.sh'), connect);
  expect(await nucleus.change({ add: { one: '1.0.0' } })).toMatchObject({ status: 'SUCCEEDED' });
  expect(nucleus.output('one').slice(-2)).toEqual(['../../ipc.socket', 'connected']);
});
