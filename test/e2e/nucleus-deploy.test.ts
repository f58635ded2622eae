import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync, strToU8 } from 'fflate';
import { describe, expect, test } from 'vitest';
import { LocalNucleus } from '../../scripts/local-nucleus/nucleus.ts';
import { isAlive } from '../helpers/processes.ts';
import { eventually } from '../helpers/use-agent.ts';
import { recipeOf, useNucleus } from '../helpers/use-nucleus.ts';

const hard = (range = '^1.0.0'): object => ({ VersionRequirement: range, DependencyType: 'HARD' });

describe('a deployment', () => {
  test('starts dependencies first and stops them last', async () => {
    const { deploy, events, nucleus } = await useNucleus();
    await deploy({
      recipes: [
        recipeOf('top', { lifecycle: { run: 'sleep 1000' }, dependencies: { middle: hard() } }),
        recipeOf('middle', { lifecycle: { run: 'sleep 1000' }, dependencies: { base: hard() } }),
        recipeOf('base', { lifecycle: { install: 'true' } }),
      ],
      components: { top: '1.0.0' },
    });
    await nucleus.stop();
    const reached = (state: string): string[] => events.flatMap((event) => (event.kind === 'state' && event.state === state ? [event.component] : []));
    expect(reached('STARTING')).toEqual(['base', 'middle', 'top']);
    expect(reached('STOPPING')).toEqual(['top', 'middle']);
  });

  test('gives every step the environment, the work folder and the variables of a device', async () => {
    const { deploy, nucleus, output } = await useNucleus({ thingName: 'thing-1', region: 'eu-central-1', environment: { ...process.env, AWS_PROFILE: 'mine', NODE_OPTIONS: '--no-warnings' } });
    const run = 'pwd; env; echo \'artifacts={artifacts:path} unpacked={artifacts:decompressedPath} root={kernel:rootPath} thing={iot:thingName} word={configuration:/Word} list={configuration:/List}\'; sleep 1000';
    await deploy({
      recipes: [recipeOf('one', { lifecycle: { Setenv: { A: 'lifecycle', B: 'lifecycle' }, run: { Script: run, Setenv: { B: 'step {configuration:/Word}' } } }, configuration: { Word: 'x', List: [1, { b: 2, a: 1 }] }, dependencies: { 'aws.greengrass.TokenExchangeService': hard('^2.0.0') } })],
      components: { one: '^1.0.0' },
      configuration: { one: { MERGE: { Word: 'merged' } } },
    });
    await eventually(() => output('one').some((line) => line.startsWith('artifacts=')), 'the output');
    const lines = output('one');
    const root = nucleus.root;
    expect(lines[0]).toBe(join(root, 'work', 'one'));
    expect(lines).toContain(`artifacts=${root}/packages/artifacts/one/1.0.0 unpacked=${root}/packages/artifacts-unarchived/one/1.0.0 root=${root} thing=thing-1 word=merged list=[1,{"a":1,"b":2}]`);
    expect(lines).toEqual(expect.arrayContaining(['A=lifecycle', 'B=step merged', 'AWS_IOT_THING_NAME=thing-1', 'AWS_REGION=eu-central-1', `AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT=${root}/ipc.socket`]));
    expect(lines.find((line) => line.startsWith('SVCUID='))).toMatch(/^SVCUID=[A-Z0-9]{16}$/);
    expect(lines.find((line) => line.startsWith('AWS_CONTAINER_CREDENTIALS_FULL_URI='))).toMatch(/http:\/\/localhost:\d+\/2016-11-01\/credentialprovider\/$/);
    expect(lines.filter((line) => /^(AWS_PROFILE|NODE_OPTIONS)=/.test(line))).toEqual([]);
    expect((await stat(join(root, 'work', 'one'))).mode & 0o777).toBe(0o700);
    expect(await readFile(join(root, 'logs', 'one.log'), 'utf8')).toContain('[stdout] A=lifecycle');
  });

  test('lays artifacts out with the permissions the recipe asks for, and unpacks ZIP files', async () => {
    const { deploy, nucleus } = await useNucleus();
    const zip = zipSync({ 'folder/file.txt': strToU8('inside'), 'run.sh': strToU8('echo') });
    await deploy({
      recipes: [recipeOf('one', { artifacts: [{ Uri: 's3://any/where/plain.txt' }, { Uri: 's3://any/where/code.zip', Unarchive: 'ZIP', Permission: { Read: 'ALL', Execute: 'OWNER' } }] })],
      components: { one: '1.0.0' },
      artifacts: { 'one/1.0.0/plain.txt': 'text', 'one/1.0.0/code.zip': zip },
    });
    const packages = join(nucleus.root, 'packages');
    const modeOf = async (path: string): Promise<number> => ((await stat(join(packages, path))).mode & 0o777) & ~0o200;
    expect(await readFile(join(packages, 'artifacts-unarchived/one/1.0.0/code/folder/file.txt'), 'utf8')).toBe('inside');
    expect(await modeOf('artifacts/one/1.0.0/plain.txt')).toBe(0o440);
    expect(await modeOf('artifacts-unarchived/one/1.0.0/code/run.sh')).toBe(0o554);
  });

  test('refuses an artifact that is not there or not what the recipe says', async () => {
    const { deploy } = await useNucleus();
    const Digest = createHash('sha256').update('text').digest('base64');
    const recipes = [recipeOf('one', { artifacts: [{ Uri: 's3://any/plain.txt', Digest, Algorithm: 'SHA-256' }] })];
    await expect(deploy({ recipes, components: { one: '1.0.0' } })).rejects.toThrow(/Artifact s3:\/\/any\/plain\.txt of one 1\.0\.0 is missing: expected a file "plain\.txt" in .*artifacts\/one\/1\.0\.0.*--artifact-dir/);
    await expect(deploy({ recipes, components: { one: '1.0.0' }, artifacts: { 'one/1.0.0/plain.txt': 'other' } })).rejects.toThrow(`expected ${Digest}. Build the artifact again`);
    await deploy({ recipes, components: { one: '1.0.0' }, artifacts: { 'one/1.0.0/plain.txt': 'text' } });
  });

  test('for another device, or with configuration for nobody, is refused', async () => {
    const { deploy } = await useNucleus();
    const foreign = { ...recipeOf('one'), Manifests: [{ Platform: { os: 'windows' } }] };
    await expect(deploy({ recipes: [foreign], components: { one: '1.0.0' } })).rejects.toThrow(/one 1\.0\.0 has no manifest for this device, which is os linux and architecture \w+; its recipe .*0\.yaml has os windows/);
    await expect(deploy({ recipes: [recipeOf('one')], components: { one: '1.0.0' }, configuration: { two: {} } })).rejects.toThrow(/Configuration is given for two, which this deployment does not hold as root component\. Root components are one;/);
    await expect(deploy({ recipes: [recipeOf('one', { lifecycle: { run: 'echo {configuration:/Missing}' } })], components: { one: '1.0.0' } })).rejects.toThrow(/variable \{configuration:\/Missing\} has no value.*The recipe is .*0\.yaml/);
  });

  test('keeps what did not change, and restarts what did', async () => {
    const { deploy, output, events } = await useNucleus();
    const recipes = [
      recipeOf('one', { lifecycle: { run: 'echo pid $$; exec sleep 1000' } }),
      recipeOf('two', { lifecycle: { run: 'echo {configuration:/Word}; exec sleep 1000' }, configuration: { Word: 'first' } }),
    ];
    await deploy({ recipes, components: { one: '1.0.0', two: '1.0.0' } });
    await eventually(() => output('one').length === 1, 'the first output');
    await deploy({ recipes, components: { one: '1.0.0', two: '1.0.0' }, configuration: { two: { MERGE: { Word: 'second' } } } });
    await eventually(() => output('two').includes('second'), 'the new value');
    expect(output('one').length).toBe(1);
    await deploy({ recipes, components: { one: '1.0.0' } });
    expect(events.findLast((event) => event.kind === 'state')).toMatchObject({ component: 'two', state: 'FINISHED' });
  });

  test('of a component that keeps failing ends BROKEN after three tries, with its last words', async () => {
    const { deploy, events } = await useNucleus();
    const failing = deploy({ recipes: [recipeOf('one', { lifecycle: { install: 'echo cannot reach the sensor >&2; exit 3' } })], components: { one: '1.0.0' } });
    await expect(failing).rejects.toThrow(/one is BROKEN: its install step ended with exit code 3[\s\S]*cannot reach the sensor/);
    expect(events.filter((event) => event.kind === 'state' && event.state === 'ERRORED').length).toBe(2);
  });

  test('gives up a step that takes longer than its Timeout', async () => {
    const { deploy } = await useNucleus();
    const slow = deploy({ recipes: [recipeOf('one', { lifecycle: { install: { Script: 'sleep 1000', Timeout: 0.2 } } })], components: { one: '1.0.0' } });
    await expect(slow).rejects.toThrow(/install step did not end within 0.2 s/);
  });

  test('can be stopped while it goes on', async () => {
    const { deploy, nucleus, state } = await useNucleus();
    const waiting = deploy({ recipes: [recipeOf('one', { lifecycle: { install: 'sleep 1000' } })], components: { one: '1.0.0' } });
    await Promise.all([expect(waiting).rejects.toThrow(/stopped before the deployment was done/), eventually(() => state('one') === 'NEW', 'the component').then(() => nucleus.stop())]);
  });
});

describe('a running component', () => {
  test('is restarted after a crash, together with what depends on it', async () => {
    const { deploy, events, output } = await useNucleus();
    await deploy({
      recipes: [
        recipeOf('base', { lifecycle: { run: 'echo pid $$; exec sleep 1000' } }),
        recipeOf('top', { lifecycle: { run: 'echo pid $$; exec sleep 1000' }, dependencies: { base: hard() } }),
      ],
      components: { top: '1.0.0' },
    });
    await eventually(() => output('base').length === 1 && output('top').length === 1, 'both to run');
    process.kill(Number(output('base')[0]?.slice(4)), 'SIGKILL');
    await eventually(() => output('base').length === 2 && output('top').length === 2, 'both to run again');
    expect(events).toContainEqual(expect.objectContaining({ kind: 'state', component: 'base', state: 'ERRORED', reason: 'its run step was ended by SIGKILL' }));
    expect(isAlive(Number(output('top')[0]?.slice(4)))).toBe(false);
  });

  test('runs its shutdown step while it is alive, then gets SIGTERM, and its children with it', async () => {
    const { deploy, nucleus, output } = await useNucleus();
    const run = 'trap "echo terminated; exit 0" TERM; env -i sleep 1000 & echo child $!; echo ready; wait; while :; do :; done';
    await deploy({ recipes: [recipeOf('one', { lifecycle: { run, shutdown: 'echo shutting down' } })], components: { one: '1.0.0' } });
    await eventually(() => output('one').includes('ready'), 'the component to be ready');
    await nucleus.stop();
    expect(output('one').slice(2)).toEqual(['shutting down', 'terminated']);
    expect(isAlive(Number(output('one')[0]?.slice(6)))).toBe(false);
  });

  test('that finished stays FINISHED, and one without steps too', async () => {
    const { deploy, nucleus } = await useNucleus();
    await deploy({ recipes: [recipeOf('one', { lifecycle: { run: 'true' } }), recipeOf('two'), recipeOf('three', { lifecycle: { startup: 'sleep 0.1' } })], components: { one: '1.0.0', two: '1.0.0', three: '1.0.0' } });
    await eventually(() => nucleus.components().map(({ state }) => state).join() === 'FINISHED,FINISHED,RUNNING', 'the states');
  });
});

test('a root has one nucleus, and what a killed one left is ended', async () => {
  const { nucleus, deploy, output } = await useNucleus();
  await deploy({ recipes: [recipeOf('one', { lifecycle: { run: 'echo pid $$; exec sleep 1000' } })], components: { one: '1.0.0' } });
  await eventually(() => output('one').length === 1, 'the component to run');
  const runningFile = join(nucleus.root, 'running.json');
  const noted = JSON.parse(await readFile(runningFile, 'utf8')) as { tokens: string[] };
  expect((await stat(runningFile)).mode & 0o777).toBe(0o600);

  const initProcess = { pid: 1, startTime: (await readFile('/proc/1/stat', 'utf8')).replace(/^.*\) /s, '').split(' ')[19], tokens: [] };
  await writeFile(runningFile, JSON.stringify(initProcess));
  const second = new LocalNucleus({ root: nucleus.root, environment: process.env });
  await expect(second.start()).rejects.toThrow(/Another local nucleus, process 1, works in the same root/);

  // As if that nucleus had been killed: its pid belongs to nobody, its components still run.
  await writeFile(runningFile, JSON.stringify({ pid: 2 ** 22 - 1, startTime: '0', tokens: noted.tokens }));
  await second.start();
  await eventually(() => !isAlive(Number(output('one')[0]?.slice(4))), 'the orphan to be ended');
  await second.stop();
});
