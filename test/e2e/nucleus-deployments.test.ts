import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../helpers/use-agent.ts';
import { patient, recipeOf, type TestNucleus, useNucleus } from '../helpers/use-nucleus.ts';

const hard = (range = '*'): object => ({ VersionRequirement: range, DependencyType: 'HARD' });

/** A component that says its version and a word of its configuration, and stays. */
const talking = (version: string, options: { word?: string; dependencies?: Record<string, object> } = {}): object =>
  recipeOf('one', { version, lifecycle: { run: `echo version ${version} {configuration:/Word}; exec sleep 1000` }, configuration: { Word: options.word ?? 'default' }, ...(options.dependencies && { dependencies: options.dependencies }) });

const staying = (name: string, dependencies: Record<string, object> = {}): object => recipeOf(name, { lifecycle: { run: 'echo pid $$; exec sleep 1000' }, dependencies });

const running = ({ nucleus }: TestNucleus): Record<string, string> => Object.fromEntries(nucleus.components().map(({ name, version, state }) => [name, `${version} ${state}`]));
const transitions = ({ events }: TestNucleus, state: string): string[] => events.flatMap((event) => (event.kind === 'state' && event.state === state ? [event.component] : []));

describe('a change', () => {
  test('adds to the root components, and leaves those it does not name', async () => {
    const nucleus = await useNucleus();
    await nucleus.change({ recipes: [staying('one')], add: { one: '1.0.0' } });
    await nucleus.change({ recipes: [staying('two')], add: { two: '*' } });
    expect(running(nucleus)).toEqual({ one: '1.0.0 RUNNING', two: '1.0.0 RUNNING' });
    expect(transitions(nucleus, 'STARTING')).toEqual(['one', 'two']);
  });

  test('removes a root component with what only it needs, not what another still needs', async () => {
    const nucleus = await useNucleus();
    const recipes = [staying('top', { base: hard(), shared: hard() }), staying('other', { shared: hard() }), staying('base'), staying('shared')];
    await nucleus.change({ recipes, add: { top: '1.0.0', other: '1.0.0' } });
    expect(Object.keys(running(nucleus)).toSorted()).toEqual(['base', 'other', 'shared', 'top']);
    expect(await nucleus.change({ remove: ['top'] })).toMatchObject({ status: 'SUCCEEDED' });
    expect(Object.keys(running(nucleus)).toSorted()).toEqual(['other', 'shared']);
    expect(transitions(nucleus, 'STOPPING')).toEqual(['top', 'base']);
    // A component that another one needs stays, and so does one that never was a root component.
    expect(await nucleus.change({ add: { shared: '1.0.0' } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await nucleus.change({ remove: ['shared', 'nothing'] })).toMatchObject({ status: 'SUCCEEDED' });
    expect(Object.keys(running(nucleus)).toSorted()).toEqual(['other', 'shared']);
  });

  test('merges and resets configuration, and forgets it with the component', async () => {
    const nucleus = await useNucleus();
    const said = async (count: number): Promise<string[]> => {
      await eventually(() => nucleus.output('one').length === count, `start ${count}`);
      return nucleus.output('one');
    };
    await nucleus.change({ recipes: [talking('1.0.0')], add: { one: '1.0.0' }, configuration: { one: { MERGE: { Word: 'merged' } } } });
    await said(1);
    await nucleus.change({ configuration: { one: {} } });
    await nucleus.change({ configuration: { one: { RESET: ['/Word'] } } });
    expect(await said(2)).toEqual(['version 1.0.0 merged', 'version 1.0.0 default']);
    await nucleus.change({ configuration: { one: { MERGE: { Word: 'again' } } } });
    await said(3);
    await nucleus.change({ remove: ['one'] });
    await nucleus.change({ recipes: [talking('1.0.0')], add: { one: '1.0.0' } });
    expect((await said(4)).at(-1)).toBe('version 1.0.0 default');
  });

  test('of a configuration that no script uses restarts nothing', async () => {
    const nucleus = await useNucleus();
    await nucleus.change({ recipes: [recipeOf('one', { lifecycle: { run: 'exec sleep 1000' }, configuration: { Word: 'x' } })], add: { one: '1.0.0' } });
    await nucleus.change({ configuration: { one: { MERGE: { Word: 'y' } } } });
    expect(transitions(nucleus, 'STARTING')).toEqual(['one']);
  });

  test('stops dependents before what changes, and starts them after it', async () => {
    const nucleus = await useNucleus();
    const recipes = [staying('top', { middle: hard() }), staying('middle', { base: hard() }), staying('aside', { base: { VersionRequirement: '*', DependencyType: 'SOFT' } })];
    const base = (version: string): object => recipeOf('base', { version, lifecycle: { run: 'exec sleep 1000', shutdown: 'sleep 0.2' } });
    await nucleus.change({ recipes: [...recipes, base('1.0.0')], add: { top: '1.0.0', aside: '1.0.0' } });
    await eventually(() => nucleus.output('aside').length === 1, 'the first output');
    const before = nucleus.events.length;
    expect(await nucleus.change({ recipes: [...recipes, base('1.1.0')], add: { base: '1.1.0' } })).toMatchObject({ status: 'SUCCEEDED' });
    const moves = nucleus.events.slice(before).flatMap((event) => (event.kind === 'state' && ['STOPPING', 'RUNNING'].includes(event.state) ? [`${event.component} ${event.state}`] : []));
    expect(moves).toEqual(['top STOPPING', 'middle STOPPING', 'base STOPPING', 'base RUNNING', 'middle RUNNING', 'top RUNNING']);
    expect(nucleus.output('aside').length).toBe(1);
  });

  test('with other artifacts under the same version takes them, and restarts', async () => {
    const nucleus = await useNucleus();
    const recipes = [recipeOf('one', { lifecycle: { run: 'cat {artifacts:path}/word.txt; exec sleep 1000' }, artifacts: [{ Uri: 's3://any/word.txt' }] })];
    for (const word of ['first', 'first', 'other']) {
      await nucleus.change({ recipes, add: { one: '1.0.0' }, artifacts: { 'one/1.0.0/word.txt': `${word}\n` } });
      await eventually(() => nucleus.output('one').at(-1) === word, `the output ${word}`);
    }
    expect(nucleus.output('one')).toEqual(['first', 'other']);
  });

  test('of another group keeps the versions both can agree on', async () => {
    const nucleus = await useNucleus();
    await nucleus.change({ recipes: [talking('1.0.0'), talking('1.5.0'), talking('2.0.0')], add: { one: '^1.0.0' } });
    expect(running(nucleus)).toEqual({ one: '1.5.0 RUNNING' });
    const outcome = await nucleus.change({ recipes: [talking('2.0.0')], groupName: 'robots', add: { one: '2.0.0' } });
    expect(outcome).toMatchObject({ status: 'FAILED', detail: 'FAILED_NO_STATE_CHANGE', reason: expect.stringMatching(/No version of component one suits everyone: the deployment wants 2\.0\.0, group LOCAL_DEPLOYMENT wants \^1\.0\.0/) as string });
    expect(await nucleus.change({ groupName: 'robots', add: { one: '*' } })).toMatchObject({ status: 'SUCCEEDED' });
    // In two groups by now, so that removing it from one is not enough.
    await nucleus.change({ remove: ['one'] });
    expect(running(nucleus)).toEqual({ one: '1.5.0 RUNNING' });
  });
});

describe('versions', () => {
  const versionsOf = async ({ nucleus }: TestNucleus): Promise<string[]> => (await readdir(join(nucleus.root, 'packages/artifacts/one'))).toSorted();

  test('lie side by side, and go when neither in use nor needed to go back', async () => {
    const nucleus = await useNucleus();
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await nucleus.change({ recipes: [talking(version)], add: { one: version } });
    expect(await versionsOf(nucleus)).toEqual(['1.1.0', '1.2.0']);
    expect((await readdir(join(nucleus.nucleus.root, 'packages/recipes'))).toSorted()).toEqual(['one-1.1.0.yaml', 'one-1.2.0.yaml']);
    // Back to what is still there, without any folder.
    expect(await nucleus.change({ add: { one: '1.1.0' } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(running(nucleus)).toEqual({ one: '1.1.0 RUNNING' });
    expect(await nucleus.change({ add: { one: '1.0.0' } })).toMatchObject({ status: 'FAILED', reason: expect.stringMatching(/No version of component one suits everyone.*there is 1\.1\.0, 1\.2\.0/) as string });
  });

  test('that run are kept when they suit, even if there are higher ones', async () => {
    const nucleus = await useNucleus();
    const app = (version: string): object => recipeOf('app', { version, lifecycle: { run: 'exec sleep 1000' }, dependencies: { one: hard('^1.0.0') } });
    await nucleus.change({ recipes: [app('1.0.0'), talking('1.0.0')], add: { app: '1.0.0' } });
    await nucleus.change({ recipes: [app('1.1.0'), talking('1.9.0')], add: { app: '1.1.0' } });
    expect(running(nucleus)).toEqual({ one: '1.0.0 RUNNING', app: '1.1.0 RUNNING' });
  });
});

describe('a deployment that fails', () => {
  const failing = (version: string): object => recipeOf('one', { version, lifecycle: { run: 'echo cannot find the sensor; exit 7' }, configuration: { Word: 'default' } });

  test('is rolled back: version, configuration, components that came and went', async () => {
    const nucleus = await useNucleus(patient);
    await nucleus.change({ recipes: [talking('1.0.0'), staying('old')], add: { one: '1.0.0', old: '1.0.0' }, configuration: { one: { MERGE: { Word: 'kept' } } } });
    await eventually(() => nucleus.output('old').length === 1, 'the first output');
    const outcome = await nucleus.change({ recipes: [failing('2.0.0'), staying('new')], add: { one: '2.0.0', new: '1.0.0' }, remove: ['old'], configuration: { one: { MERGE: { Word: 'broken' } } } });
    expect(outcome).toMatchObject({ status: 'FAILED', detail: 'FAILED_ROLLBACK_COMPLETE', reason: expect.stringMatching(/Component one is BROKEN: its run step ended with exit code 7[\s\S]*cannot find the sensor[\s\S]*rolled back/) as string });
    expect(running(nucleus)).toEqual({ one: '1.0.0 RUNNING', old: '1.0.0 RUNNING' });
    await eventually(() => nucleus.output('one').at(-1) === 'version 1.0.0 kept', 'the old version');
    expect(nucleus.output('old').length).toBe(1);
    // The next one starts from what runs.
    expect(await nucleus.change({ recipes: [talking('2.1.0')], add: { one: '2.1.0' } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(running(nucleus)).toEqual({ one: '2.1.0 RUNNING', old: '1.0.0 RUNNING' });
    await eventually(() => nucleus.output('one').at(-1) === 'version 2.1.0 kept', 'the version after it');
  });

  test('is rolled back to the artifacts that were there under the same version', async () => {
    const nucleus = await useNucleus(patient);
    const recipe = recipeOf('one', { lifecycle: { run: 'sh {artifacts:path}/run.sh' }, artifacts: [{ Uri: 's3://any/run.sh' }] });
    await nucleus.change({ recipes: [recipe], add: { one: '1.0.0' }, artifacts: { 'one/1.0.0/run.sh': 'echo good; exec sleep 1000' } });
    await eventually(() => nucleus.output('one').length === 1, 'the first output');
    expect(await nucleus.change({ recipes: [recipe], add: { one: '1.0.0' }, artifacts: { 'one/1.0.0/run.sh': 'exit 1' } })).toMatchObject({ detail: 'FAILED_ROLLBACK_COMPLETE' });
    await eventually(() => nucleus.output('one').filter((line) => line === 'good').length === 2, 'the old script again');
    expect(await readFile(join(nucleus.nucleus.root, 'packages/artifacts/one/1.0.0/run.sh'), 'utf8')).toMatch(/good/);
    expect(existsSync(join(nucleus.nucleus.root, 'packages/set-aside'))).toBe(false);
  });

  test('and shall do nothing about it leaves what it made, until the next one', async () => {
    const nucleus = await useNucleus(patient);
    await nucleus.change({ recipes: [talking('1.0.0')], add: { one: '1.0.0' } });
    const outcome = await nucleus.change({ recipes: [failing('2.0.0')], add: { one: '2.0.0' }, failurePolicy: 'DO_NOTHING' });
    expect(outcome).toMatchObject({ status: 'FAILED', detail: 'FAILED_ROLLBACK_NOT_REQUESTED' });
    expect(running(nucleus)).toEqual({ one: '2.0.0 BROKEN' });
    expect(await nucleus.change({ add: { one: '1.0.0' } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(running(nucleus)).toEqual({ one: '1.0.0 RUNNING' });
  });

  test('and cannot be rolled back says so', async () => {
    const nucleus = await useNucleus(patient);
    // It starts only once, so that going back to it fails too.
    const once = recipeOf('one', { lifecycle: { run: 'if test -e started; then echo used up; exit 9; fi; touch started; exec sleep 1000' } });
    await nucleus.change({ recipes: [once], add: { one: '1.0.0' } });
    const outcome = await nucleus.change({ recipes: [failing('2.0.0')], add: { one: '2.0.0' } });
    expect(outcome).toMatchObject({ detail: 'FAILED_UNABLE_TO_ROLLBACK', reason: expect.stringMatching(/exit code 7[\s\S]*roll-back failed too: Component one is BROKEN: its run step ended with exit code 9[\s\S]*used up/) as string });
  });

  test('before anything is touched changes nothing', async () => {
    const nucleus = await useNucleus(patient);
    await nucleus.change({ recipes: [staying('one')], add: { one: '1.0.0' } });
    await eventually(() => nucleus.output('one').length === 1, 'the first output');
    const Digest = createHash('sha256').update('text').digest('base64');
    const damaged = recipeOf('two', { lifecycle: { run: 'sleep 1' }, artifacts: [{ Uri: 's3://any/file.txt', Digest, Algorithm: 'SHA-256' }] });
    const cases: [Parameters<TestNucleus['change']>[0], RegExp][] = [
      [{ recipes: [damaged], add: { two: '1.0.0' }, artifacts: { 'two/1.0.0/file.txt': 'other' } }, /Artifact .*file\.txt is not what .* describes: its SHA-256 digest is .*, expected .*Build the artifact again/],
      [{ recipes: [recipeOf('two', { dependencies: { 'com.example.Absent': hard() } })], add: { two: '1.0.0' } }, /Component com\.example\.Absent is missing: two 1\.0\.0 .*wants \*, but no recipe describes it/],
      [{ configuration: { two: { MERGE: {} } } }, /Configuration is given for two, which this deployment does not hold as root component/],
      [{ recipeDir: '/nowhere', add: { one: '1.0.0' } }, /Recipe folder \/nowhere is not there/],
    ];
    for (const [change, reason] of cases) {
      expect(await nucleus.change(change)).toMatchObject({ status: 'FAILED', detail: 'FAILED_NO_STATE_CHANGE', reason: expect.stringMatching(reason) as string });
    }
    expect(running(nucleus)).toEqual({ one: '1.0.0 RUNNING' });
    expect(nucleus.output('one').length).toBe(1);
  });
});

describe('a component that fails', () => {
  test('while it is installed is tried again, and runs when that goes well', async () => {
    const nucleus = await useNucleus(patient);
    // It leaves something half done behind each time, as an interrupted download would.
    const install = 'echo part >> parts; if test $(wc -l < parts) -lt 3; then exit 5; fi';
    const outcome = await nucleus.change({ recipes: [recipeOf('one', { lifecycle: { install, run: 'exec sleep 1000', recover: 'echo recovering' } })], add: { one: '1.0.0' } });
    expect(outcome).toMatchObject({ status: 'SUCCEEDED' });
    expect(nucleus.output('one')).toEqual(['recovering', 'recovering']);
    expect(await readFile(join(nucleus.nucleus.root, 'work/one/parts'), 'utf8')).toBe('part\npart\npart\n');
  });

  test('again and again is BROKEN after three times, with a recovery after each but the last', async () => {
    const nucleus = await useNucleus(patient);
    await nucleus.change({ recipes: [recipeOf('one', { lifecycle: { run: 'echo pid $$; exec sleep 1000', recover: 'echo recovering' } })], add: { one: '1.0.0' } });
    const pids = (): number[] => nucleus.output('one').flatMap((line) => (line.startsWith('pid ') ? [Number(line.slice(4))] : []));
    for (let killed = 1; killed <= 3; killed += 1) {
      await eventually(() => pids().length === killed && nucleus.state('one') === 'RUNNING', `start ${killed}`);
      process.kill(pids().at(-1) ?? 0, 'SIGKILL');
    }
    await eventually(() => nucleus.state('one') === 'BROKEN', 'the end of it');
    expect(nucleus.output('one').filter((line) => line === 'recovering').length).toBe(2);
    expect(transitions(nucleus, 'ERRORED').length).toBe(2);
    // A deployment is what brings it back.
    expect(await nucleus.change({ add: { one: '1.0.0' } })).toMatchObject({ status: 'SUCCEEDED' });
    await eventually(() => pids().length === 4, 'another start');
  });
});

describe('the queue', () => {
  const slow = recipeOf('slow', { lifecycle: { install: 'while ! test -e go; do sleep 0.05; done' } });
  const release = async ({ nucleus }: TestNucleus): Promise<void> => writeFile(join(nucleus.root, 'work/slow/go'), '');

  test('does one after another, in order, and lets those that wait be cancelled', async () => {
    const nucleus = await useNucleus();
    const first = await nucleus.submit({ recipes: [slow], add: { slow: '1.0.0' } });
    const second = await nucleus.submit({ recipes: [staying('one')], add: { one: '1.0.0' } });
    const third = await nucleus.submit({ recipes: [staying('two')], add: { two: '1.0.0' } });
    await eventually(() => nucleus.state('slow') === 'NEW', 'the first to begin');
    expect(nucleus.nucleus.cancel(second.id)).toBe(true);
    expect(await second.done).toMatchObject({ status: 'CANCELED' });
    expect(nucleus.nucleus.deployments().map(({ status }) => status)).toEqual(['IN_PROGRESS', 'CANCELED', 'QUEUED']);
    // What is already being applied goes on.
    expect(nucleus.nucleus.cancel(first.id)).toBe(true);
    await release(nucleus);
    expect(await first.done).toMatchObject({ status: 'SUCCEEDED' });
    expect(await third.done).toMatchObject({ status: 'SUCCEEDED' });
    expect(running(nucleus)).toEqual({ slow: '1.0.0 FINISHED', two: '1.0.0 RUNNING' });
    expect(nucleus.nucleus.cancel(third.id)).toBe(false);
    expect(nucleus.nucleus.cancel('nobody')).toBeUndefined();
  });

  test('is bounded', async () => {
    const nucleus = await useNucleus();
    const first = await nucleus.submit({ recipes: [slow], add: { slow: '1.0.0' } });
    await eventually(() => nucleus.state('slow') === 'NEW', 'the first to begin');
    const waiting = await Promise.all(Array.from({ length: 20 }, async () => nucleus.submit({})));
    await expect(nucleus.submit({})).rejects.toThrow(/20 deployments wait already/);
    await release(nucleus);
    expect((await Promise.all([first, ...waiting].map(async ({ done }) => done))).every(({ status }) => status === 'SUCCEEDED')).toBe(true);
  });
});

describe('steps around the life of a component', () => {
  test('bootstrap comes before the first install of a version, uninstall when it is removed', async () => {
    const nucleus = await useNucleus();
    const recipe = (version: string, bootstrap: string): object => recipeOf('one', { version, lifecycle: { bootstrap, install: 'echo install', uninstall: 'echo uninstall $GREENGRASS_COMPONENT_VERSION' } });
    await nucleus.change({ recipes: [recipe('1.0.0', 'echo bootstrap; exit 101')], add: { one: '1.0.0' } });
    await nucleus.change({ add: { one: '1.0.0' } });
    expect(nucleus.output('one')).toEqual(['bootstrap', 'install']);
    expect(nucleus.events).toContainEqual({ kind: 'note', text: expect.stringMatching(/one: its bootstrap step asks for a restart of the device/) as string });
    expect(await nucleus.change({ recipes: [recipe('1.1.0', 'exit 3')], add: { one: '1.1.0' } })).toMatchObject({ detail: 'FAILED_ROLLBACK_COMPLETE', reason: expect.stringMatching(/one cannot be deployed: its bootstrap step ended with exit code 3/) as string });
    await nucleus.change({ remove: ['one'] });
    expect(nucleus.output('one')).toEqual(['bootstrap', 'install', 'install', 'uninstall 1.0.0']);
  });
});

test('only a component that depends on the token exchange service is told of it', async () => {
  const nucleus = await useNucleus();
  const run = 'echo "url $AWS_CONTAINER_CREDENTIALS_FULL_URI"; exec sleep 1000';
  await nucleus.change({ recipes: [recipeOf('with', { lifecycle: { run }, dependencies: { 'aws.greengrass.TokenExchangeService': hard('^2.0.0') } }), recipeOf('without', { lifecycle: { run } })], add: { with: '*', without: '*' } });
  await eventually(() => nucleus.output('with').length + nucleus.output('without').length === 2, 'both to speak');
  expect(nucleus.output('with')[0]).toMatch(/^url http:\/\/localhost:\d+\//);
  expect(nucleus.output('without')).toEqual(['url']);
});

test('a root with spaces is one like any other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fescue with spaces '));
  const nucleus = await useNucleus({ root: join(folder, 'the root') });
  const recipe = recipeOf('one', { lifecycle: { run: 'cat "{artifacts:path}/word.txt"; pwd; exec sleep 1000' }, artifacts: [{ Uri: 's3://any/word.txt' }] });
  expect(await nucleus.change({ recipes: [recipe], add: { one: '1.0.0' }, artifacts: { 'one/1.0.0/word.txt': 'hello\n' } })).toMatchObject({ status: 'SUCCEEDED' });
  await eventually(() => nucleus.output('one').length === 2, 'the output');
  expect(nucleus.output('one')).toEqual(['hello', join(folder, 'the root/work/one')]);
  await nucleus.nucleus.stop();
  await rm(folder, { recursive: true });
});
