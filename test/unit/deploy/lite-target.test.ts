import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { checkLiteOrder } from '../../../scripts/deploy/lite-limits.ts';
import { openTarget } from '../../../scripts/deploy/lite-target.ts';
import { localRunner } from '../../../scripts/deploy/local-runner.ts';
import type { Order } from '../../../scripts/deploy/order.ts';
import type { Runner } from '../../../scripts/deploy/runner.ts';
import type { Target } from '../../../scripts/deploy/target.ts';
import { appendLines, useStandIns } from '../../helpers/stand-ins.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { recipeOf, type RecipeOptions } from '../../helpers/use-nucleus.ts';

const nothing: Order = { folders: undefined, add: {}, remove: ['com.example.Gone'], configuration: {} };

async function useTarget(uid: number): Promise<{ target: Target; folder: string; calls: () => Promise<string[][]> }> {
  const { folder, calls } = await useStandIns({ states: ['SUCCEEDED'], components: [] });
  const runner = localRunner();
  const user: Runner = { ...runner, run: async (argv, options) => (argv[0] === 'id' ? { code: 0, stdout: `${uid}\n`, stderr: '' } : runner.run(argv, options)) };
  const target = await openTarget({ runner: user, root: undefined, interactive: false });
  onTestFinished(async () => target.close());
  return { target, folder, calls };
}

describe('commands', () => {
  test('of root need no sudo', async () => {
    const { target, calls } = await useTarget(0);
    expect(await target.commands(nothing)).toEqual(['ggl-cli deploy -d com.example.Gone']);
    await target.deploy(nothing);
    expect((await calls()).map(([program]) => program)).toEqual(['journalctl', 'ggl-cli']);
  });

  test('of others do, except for states', async () => {
    const { target, calls } = await useTarget(1000);
    expect(await target.commands(nothing)).toEqual(['sudo -n ggl-cli deploy -d com.example.Gone']);
    await target.progress(await target.deploy(nothing));
    await target.components();
    expect((await calls()).map(([program]) => program)).toEqual(['sudo', 'journalctl', 'sudo', 'ggl-cli', 'sudo', 'journalctl', 'systemctl']);
  });

  test('that would ask for a password are refused', async () => {
    const { target } = await useTarget(1000);
    vi.stubEnv('STAND_IN_PASSWORD', 'yes');
    await expect(target.deploy(nothing)).rejects.toThrow(/sudo asks for a password that nobody can type here/);
  });

  test('that are not there are refused', async () => {
    const { target } = await useTarget(0);
    vi.stubEnv('PATH', '/nowhere');
    await expect(target.deploy(nothing)).rejects.toMatchObject({ kind: 'not-found', message: expect.stringContaining('Install nucleus lite there') as string });
  });
});

describe('what nucleus lite cannot do is refused before it is tried:', () => {
  const good: RecipeOptions = { lifecycle: { startup: 'true' } };

  async function check(recipes: Record<string, object>, order: Partial<Order> = {}): Promise<void> {
    const recipeDir = await temporaryFolder();
    for (const [file, recipe] of Object.entries(recipes)) await writeFile(join(recipeDir, file), stringify(recipe));
    await checkLiteOrder({ folders: { recipeDir, artifactDir: recipeDir }, add: { a: '1.0.0' }, remove: [], configuration: {}, ...order });
  }

  const needing = (range: string): object => recipeOf('a', { ...good, dependencies: { b: { VersionRequirement: range } } });

  test.each<[string, Record<string, object>, Partial<Order>]>([
    ['a good recipe', { 'a-1.0.0.yaml': recipeOf('a', good) }, {}],
    ['ranges it knows', { 'a-1.0.0.json': needing('>=1.0.0 <2.0.0-0') }, {}],
    ['a range of a component it brings along', { 'a-1.0.0.yml': recipeOf('a', { ...good, dependencies: { 'aws.greengrass.TokenExchangeService': { VersionRequirement: '^2.0.0' } } }) }, {}],
    ['problems of recipes that are not deployed', { 'a-1.0.0.yaml': recipeOf('a', good), 'b.yaml': recipeOf('b') }, {}],
  ])('not %s', async (_, recipes, order) => {
    await expect(check(recipes, order)).resolves.toBeUndefined();
  });

  test.each<[string, Record<string, object>, Partial<Order>, RegExp]>([
    ['a recipe under another name', { 'recipe.yaml': recipeOf('a', good) }, {}, /The recipe of a is recipe\.yaml; nucleus lite finds it only as a-1\.0\.0\.yaml/],
    ['a component that only installs', { 'a-1.0.0.yaml': recipeOf('a', { lifecycle: { install: 'true' } }) }, {}, /a: has neither run nor startup/],
    ['a caret', { 'a-1.0.0.yaml': needing('^1.0.0') }, {}, /a: depends on b \^1\.0\.0, which nucleus lite cannot read.*">=1\.0\.0"/],
    ['an alternative', { 'a-1.0.0.yaml': needing('1.0.0 || 2.0.0') }, {}, /a: depends on b/],
    ['a manifest for the classic nucleus alone', { 'a-1.0.0.yaml': { ...recipeOf('a'), Manifests: [{ Platform: { os: 'linux' }, Lifecycle: { run: 'true' } }] } }, {}, /a: no manifest has runtime "\*"/],
    ['a recipe that is too long', { 'a-1.0.0.yaml': { ...recipeOf('a', good), ComponentDescription: 'x'.repeat(8_200) } }, {}, /The recipe of a, .*, has \d+ bytes; nucleus lite reads 8195/],
    ['a configuration', { 'a-1.0.0.yaml': recipeOf('a', good) }, { configuration: { a: { MERGE: { k: 1 } } } }, /takes no configuration with a local deployment, but there is one for a\. Write the values into DefaultConfiguration/],
    ['a roll-back', { 'a-1.0.0.yaml': recipeOf('a', good) }, { onFailure: 'rollback' }, /does not roll a local deployment back/],
    ['eleven components', { 'a-1.0.0.yaml': recipeOf('a', good) }, { remove: Array.from({ length: 11 }, (_, index) => `c${index}`) }, /11 components are to be removed at once.*ggl-cli takes 10/],
  ])('%s', async (_, recipes, order, message) => {
    await expect(check(recipes, order)).rejects.toThrow(message);
  });

  test('all of it at once', async () => {
    await expect(check({ 'recipe.yaml': recipeOf('a') }, { onFailure: 'rollback' })).rejects.toThrow(/roll a local deployment back[^]*recipe\.yaml[^]*neither run nor startup/);
  });
});

test('an empty journal has no cursor, and is read from its begin', async () => {
  const { target, calls } = await useTarget(0);
  const { id } = await target.deploy(nothing);
  await target.progress({ id });
  expect((await calls()).at(-1)).not.toEqual(expect.arrayContaining([expect.stringContaining('--after-cursor')]));
});

test('what the runner of the steps logs is left out, and does not count', async () => {
  const { target, folder } = await useTarget(0);
  const line = (text: string): string => `2026-11-25T19:35:18+0000 vm com.example.Camera[1225]: ${text}`;
  const chatter = Array.from({ length: 21 }, () => line('D[gg-sdk] socket_epoll.c:69: Calling epoll callback on thread 1229.'));
  await appendLines(join(folder, 'com.example.Camera.log'), ['one', 'two', 'three'].flatMap((text) => [...chatter, line(text)]));
  await appendLines(join(folder, 'com.example.Model.log'), chatter);
  const lines: string[] = [];
  await target.logs('com.example.Camera', { lines: 2, follow: false, onLine: (text) => lines.push(text) });
  expect(lines).toEqual([line('two'), line('three')]);
  await expect(target.logs('com.example.Model', { lines: 2, follow: false, onLine: () => undefined })).rejects.toMatchObject({ kind: 'not-found' });
});
