import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { type CommandResult, fescue, startFescue } from '../helpers/run-command.ts';
import { appendLines, greengrassRootIn, type Scenario, type StandIns, useStandIns } from '../helpers/stand-ins.ts';
import { useCliNucleus } from '../helpers/cli-nucleus.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { recipeOf } from '../helpers/use-nucleus.ts';

const id = '5713ebbe-3e9b-45ce-9b0d-8ae13a48ee57';
const running = [{ name: 'com.example.Model', version: '2.0.0', state: 'FINISHED' }, { name: 'com.example.Camera', version: '1.2.0', state: 'RUNNING' }];

type Device = StandIns & { readonly root: string; readonly deploy: (...args: string[]) => Promise<CommandResult> };

/** A device with greengrass-cli, and a folder of recipes to deploy to it. */
async function useDevice(scenario: Partial<Scenario> = {}): Promise<Device> {
  const standIns = await useStandIns({ states: ['IN_PROGRESS', 'SUCCEEDED'], components: running, ...scenario });
  const { folder } = standIns;
  const root = await greengrassRootIn(folder);
  const recipeDir = join(folder, 'recipes');
  await mkdir(recipeDir);
  await mkdir(join(folder, 'artifacts'));
  const camera = recipeOf('com.example.Camera', { version: '1.2.0', lifecycle: { run: 'sleep 9' }, configuration: { Name: 'gate' }, dependencies: { 'com.example.Model': { VersionRequirement: '>=2.0.0' } } });
  const model = recipeOf('com.example.Model', { version: '2.0.0', lifecycle: { startup: 'true' } });
  await writeFile(join(recipeDir, 'com.example.Camera-1.2.0.yaml'), stringify(camera));
  await writeFile(join(recipeDir, 'com.example.Model-2.0.0.yaml'), stringify(model));
  const content = ['--recipe-dir', recipeDir, '--artifact-dir', join(folder, 'artifacts'), '--component', 'com.example.Camera=1.2.0'];
  return { ...standIns, root, deploy: async (...args) => fescue('deploy', ...content, ...(args.includes('--to') ? [] : ['--to', 'greengrass', '--root', root]), ...args) };
}

describe('a deployment that succeeds', () => {
  test('ends with 0, its components as a table, and its course on standard error', async () => {
    const { deploy, received } = await useDevice();
    const { code, stdout, stderr } = await deploy('--set', 'com.example.Camera:/Name=it\'s $HOME', '--on-failure', 'nothing');
    expect([code, stdout]).toEqual([0, 'component           version  state\ncom.example.Model   2.0.0    FINISHED\ncom.example.Camera  1.2.0    RUNNING\n']);
    expect(stderr).toContain(`greengrass-cli deployment create --recipeDir`);
    expect(stderr).toMatch(new RegExp(`Deployment ${id}\nDeployment: IN_PROGRESS\n[^]*com.example.Camera: 1.2.0 RUNNING\n[^]*Deployment: SUCCEEDED\n`));
    expect(await received()).toMatchObject({ add: { 'com.example.Model': '2.0.0', 'com.example.Camera': '1.2.0' }, configuration: { 'com.example.Camera': { MERGE: { Name: "it's $HOME" } } }, onFailure: 'DO_NOTHING' });
  });

  test('is one JSON document with --json', async () => {
    const { deploy } = await useDevice();
    const { code, stdout } = await deploy('--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ deploymentId: id, state: 'SUCCEEDED', components: running });
  });

  test('is not followed with --no-wait', async () => {
    const { deploy, calls } = await useDevice({ states: ['IN_PROGRESS'] });
    expect(await deploy('--no-wait')).toMatchObject({ code: 0, stdout: `${id}\n` });
    expect((await calls()).map(([, ...args]) => args.slice(0, 2).join(' '))).toEqual(['deployment create']);
  });

  test('takes the root from GG_ROOT', async () => {
    const { folder, root } = await useDevice();
    vi.stubEnv('GG_ROOT', root);
    expect(await fescue('deploy', '--to', 'greengrass', '--remove', 'com.example.Gone')).toMatchObject({ code: 0, stdout: expect.stringMatching(/com\.example\.Gone +REMOVED\n$/) as string });
    expect(JSON.parse(await readFile(join(folder, 'received.json'), 'utf8'))).toMatchObject({ add: {}, remove: ['com.example.Gone'] });
  });

  test('goes to nucleus lite', async () => {
    const { deploy, received } = await useDevice();
    expect(await deploy('--to', 'lite')).toMatchObject({ code: 0, stdout: expect.stringContaining('com.example.Camera  1.2.0    RUNNING') as string });
    expect(await received()).toMatchObject({ add: { 'com.example.Camera': '1.2.0' } });
  });

  test('goes to another machine, with its folders', async () => {
    const { deploy, received, root, folder } = await useDevice();
    const { code, stderr } = await deploy('--to', 'greengrass', '--root', root, '--host', 'pi@camera-4');
    expect(code, stderr).toBe(0);
    const there = join(folder, '.cache/fescue/deploy');
    expect((await received())?.folders).toEqual([join(there, 'recipes'), join(there, 'artifacts')]);
    expect(await readFile(join(there, 'recipes/com.example.Camera-1.2.0.yaml'), 'utf8')).toContain('com.example.Camera');
    expect(stderr).toContain("ssh pi@camera-4 '");
  });
});

describe('a deployment that fails', () => {
  const failure = { states: ['IN_PROGRESS', 'FAILED'], reason: 'Service com.example.Camera in broken state after deployment', components: [{ name: 'com.example.Camera', version: '1.2.0', state: 'BROKEN' }] } as const;

  test('ends with 1, the reason, and the end of the log of who is to blame', async () => {
    const { deploy, root } = await useDevice(failure);
    await appendLines(join(root, 'logs/com.example.Camera.log'), ['no lens']);
    const { code, stdout, stderr } = await deploy();
    expect([code, stdout]).toEqual([1, 'component           version  state\ncom.example.Camera  1.2.0    BROKEN\n']);
    expect(stderr).toMatch(/is FAILED: Service com\.example\.Camera in broken state after deployment – FAILED_ROLLBACK_COMPLETE.*\nThe log of com\.example\.Camera ends with:\n {2}no lens\n$/);
  });

  test('says the same in JSON', async () => {
    const { deploy, root } = await useDevice(failure);
    await appendLines(join(root, 'logs/com.example.Camera.log'), ['no lens']);
    const { code, stdout } = await deploy('--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'FAILED', blamed: { component: 'com.example.Camera', lines: ['no lens'] } });
  });

  test('that does not end says how to look later', async () => {
    const { deploy, root } = await useDevice({ states: ['IN_PROGRESS'], components: [] });
    const { code, stderr } = await deploy('--timeout', '0.1');
    expect(code).toBe(1);
    expect(stderr).toContain(`Look later with: fescue deploy --status --to greengrass --root ${root}`);
  });

  test('that is interrupted says how to look later', async () => {
    const { root } = await useDevice({ states: ['IN_PROGRESS'], components: [] });
    const command = startFescue('deploy', '--remove', 'com.example.Gone', '--to', 'greengrass', '--root', root);
    await vi.waitFor(() => expect(command.output().stderr).toContain('Deployment: IN_PROGRESS'), { timeout: 20_000 });
    command.process.kill('SIGINT');
    const { code, stderr } = await command.done;
    expect(code).toBe(1);
    expect(stderr).toMatch(/it goes on without this command\. Look later with: fescue deploy --status --to greengrass/);
  });
});

describe('nothing is deployed', () => {
  let device: Device;
  beforeEach(async () => void (device = await useDevice()));

  test('with --dry-run, which prints what would be run', async () => {
    const { deploy, received, root, folder } = device;
    const { code, stdout } = await deploy('--dry-run', '--group', 'gates', '--reset', 'com.example.Camera:/Name');
    expect([code, stdout]).toEqual([0, `${root}/bin/greengrass-cli deployment create --recipeDir ${folder}/recipes --artifactDir ${folder}/artifacts --merge com.example.Model=2.0.0 --merge com.example.Camera=1.2.0 --update-config '{"com.example.Camera":{"RESET":["/Name"]}}' --groupId gates --failure-handling-policy ROLLBACK\n`]);
    expect(await received()).toBeUndefined();
  });

  test('with --status, which shows deployments and components', async () => {
    const { root, received } = device;
    expect(await fescue('deploy', '--status', '--to', 'greengrass', '--root', root)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^component +version +state\nFleetStatusService +RUNNING\n/) as string });
    expect(await received()).toBeUndefined();
  });

  test.each([
    ['configuration of a component that is not deployed', ['--set', 'com.example.Other:/A=1'], 1, /com\.example\.Other, which this deployment does not hold/],
    ['a pointer into text', ['--set', 'com.example.Camera:/Name/First=1'], 1, /\/Name\/First cannot be changed/],
    ['a configuration file that is not there', ['--config', 'com.example.Camera=/no/such.json'], 1, /such\.json cannot be used/],
    ['a setting that is none', ['--set', 'com.example.Camera'], 2, /Expected component:\/key=value/],
    ['a pointer that is none', ['--reset', 'com.example.Camera:Name'], 2, /is no JSON pointer/],
    ['a component name that is an option', ['--remove=--force'], 2, /Expected the name of a component/],
    ['an unknown target', ['--to', 'cloud'], 2, /Allowed choices are local, greengrass, lite/],
    ['--recipe-dir without --component', ['--component'], 2, /argument missing/],
    ['a host that is an option', ['--host=-oProxyCommand=x'], 1, /is no host to connect to/],
    ['a host for the local nucleus', ['--to', 'local', '--host', 'pi@camera-4'], 1, /The local nucleus is on this machine/],
    ['settings for nucleus lite', ['--to', 'lite', '--set', 'com.example.Camera:/Name=x'], 1, /takes no configuration with a local deployment/],
  ])('with %s', async (_, args, exitCode, message) => {
    const { deploy, received } = device;
    const { code, stderr } = await deploy(...args);
    expect([code, stderr]).toEqual([exitCode, expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await received()).toBeUndefined();
  });

  test('when --recipe-dir and --component do not go together', async () => {
    expect(await fescue('deploy', '--recipe-dir', '.', '--artifact-dir', '.')).toMatchObject({ code: 2, stderr: expect.stringContaining('--recipe-dir and --component name=version go together') as string });
    expect(await fescue('deploy', '--recipe-dir', '.')).toMatchObject({ code: 2 });
  });
});

describe('logs', () => {
  test('shows the latest lines', async () => {
    const { root } = await useDevice();
    await appendLines(join(root, 'logs/com.example.Camera.log'), ['one', 'two', 'three']);
    expect(await fescue('logs', 'com.example.Camera', '-n', '2', '--to', 'greengrass', '--root', root)).toMatchObject({ code: 0, stdout: 'two\nthree\n' });
    expect(await fescue('logs', 'com.example.Nothing', '--to', 'greengrass', '--root', root)).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no such file') as string });
  });

  test('-f goes on until it is interrupted', async () => {
    const { root } = await useDevice();
    const file = join(root, 'logs/com.example.Camera.log');
    await appendLines(file, ['one']);
    const command = startFescue('logs', 'com.example.Camera', '-f', '--to', 'greengrass', '--root', root);
    await vi.waitFor(() => expect(command.output().stdout).toBe('one\n'), { timeout: 20_000 });
    await appendLines(file, ['two']);
    await vi.waitFor(() => expect(command.output().stdout).toBe('one\ntwo\n'), { timeout: 20_000 });
    command.process.kill('SIGINT');
    expect(await command.done).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('tail', () => {
  const messages = [
    { jsonMessage: { message: { label: 'cat' }, context: { topic: 'cameras/1/labels' } } },
    { binaryMessage: { message: Buffer.from('a\u001b[2Jb').toString('base64'), context: { topic: 'cameras/2/labels' } } },
    { binaryMessage: { message: Buffer.from([0xff, 0]).toString('base64'), context: { topic: 'cameras/3/labels' } } },
  ];

  async function tailed(given: readonly Record<string, unknown>[], lines: number, ...args: string[]): Promise<CommandResult> {
    const { root } = await useCliNucleus(await temporaryFolder(), { states: [], components: [] }, given);
    const command = startFescue('tail', 'cameras/+/labels', '--root', root, ...args);
    await vi.waitFor(() => expect(command.output().stdout.split('\n')).toHaveLength(lines + 1), { timeout: 20_000 });
    command.process.kill('SIGINT');
    return command.done;
  }

  test('prints a line for each message, and nothing that moves the cursor', async () => {
    const { code, stdout } = await tailed(messages, 3);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^cameras\/1\/labels \{"label":"cat"\}\ncameras\/2\/labels a\\u\{1b\}\[2Jb\ncameras\/3\/labels 2 bytes .*\n$/)]);
  });

  test('prints JSON', async () => {
    const { stdout } = await tailed(messages, 3, '--json');
    expect(stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
      { topic: 'cameras/1/labels', payload: { label: 'cat' } },
      { topic: 'cameras/2/labels', payload: 'a\u001b[2Jb' },
      { topic: 'cameras/3/labels', payload: { base64: '/wA=' } },
    ]);
  });

  test('prints what goes to AWS IoT Core', async () => {
    const { stdout } = await tailed([{ message: { topicName: 'cameras/1/labels', payload: Buffer.from('{"label":"cat"}').toString('base64') } }], 1, '--iot-core', '--json');
    expect(JSON.parse(stdout)).toEqual({ topic: 'cameras/1/labels', payload: { label: 'cat' } });
  });

  test('ends with 1 when the nucleus goes', async () => {
    const { root, stop } = await useCliNucleus(await temporaryFolder(), { states: [], components: [] }, messages);
    const command = startFescue('tail', '#', '--root', root);
    await vi.waitFor(() => expect(command.output().stderr).toContain('Listening on #'), { timeout: 20_000 });
    stop();
    expect(await command.done).toMatchObject({ code: 1, stderr: expect.stringContaining('The connection to the nucleus ended') as string });
  });

  test('is refused where it is not possible, with what to do instead', async () => {
    expect(await fescue('tail', '#', '--to', 'lite')).toMatchObject({ code: 1, stderr: expect.stringContaining('lets only components listen to topics') as string });
    expect(await fescue('tail', '#', '--root', await temporaryFolder())).toMatchObject({ code: 1, stderr: expect.stringContaining('fescue nucleus start') as string });
  });
});

describe('watch', () => {
  test('deploys, and deploys what is saved, one at a time; errors do not end it', async () => {
    const { root, folder, received, setScenario } = await useDevice();
    const recipe = join(folder, 'recipes/com.example.Camera-1.2.0.yaml');
    const command = startFescue('watch', '--recipe-dir', join(folder, 'recipes'), '--artifact-dir', join(folder, 'artifacts'), '--component', 'com.example.Camera=*', '--to', 'greengrass', '--root', root, '--quiet', '50');
    const said = async (text: string): Promise<void> => vi.waitFor(() => expect(command.output().stderr).toContain(text), { timeout: 30_000 });
    const watching = async (times: number): Promise<void> => vi.waitFor(() => expect(command.output().stderr.split('Watching. Ctrl-C ends it.')).toHaveLength(times + 1), { timeout: 30_000 });
    await watching(1);
    const good = await readFile(recipe, 'utf8');
    await writeFile(recipe, 'ComponentName: [');
    await said('is not valid YAML or JSON');
    await watching(2);
    await setScenario({ states: ['SUCCEEDED'], components: running.map((one) => (one.name === 'com.example.Camera' ? { ...one, version: '1.3.0' } : one)) });
    await writeFile(recipe, good.replace('1.2.0', '1.3.0'));
    await watching(3);
    expect(await received()).toMatchObject({ add: { 'com.example.Camera': '1.3.0' } });
    expect(command.output().stdout).toMatch(/com\.example\.Camera +1\.2\.0 +RUNNING\n[^]*com\.example\.Camera +1\.3\.0 +RUNNING\n/);
    command.process.kill('SIGINT');
    expect(await command.done).toMatchObject({ code: 0 });
  });
});
