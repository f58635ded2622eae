import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Runner } from '../../../scripts/deploy/runner.ts';
import { checkHost, sshRunner } from '../../../scripts/deploy/ssh-runner.ts';
import { type StandIns, useStandIns } from '../../helpers/stand-ins.ts';

async function useRunner(signal = new AbortController().signal): Promise<StandIns & { runner: Runner }> {
  const standIns = await useStandIns({ states: [], components: [] });
  const runner = await sshRunner('pi@camera-4', signal);
  onTestFinished(async () => runner.close());
  return { ...standIns, runner };
}

async function foldersIn(folder: string): Promise<{ recipeDir: string; artifactDir: string }> {
  const folders = { recipeDir: join(folder, 'the recipes'), artifactDir: join(folder, "it's artifacts") };
  for (const path of Object.values(folders)) {
    await mkdir(path);
    await writeFile(join(path, 'file'), path);
  }
  return folders;
}

describe('a host', () => {
  test.each(['camera-4', 'pi@camera-4', 'pi@192.168.1.7', 'a.b_c+d@host.example.com', 'pi@[fe80::1%eth0]', 'pi@10.0.0.1'])('%s', (host) => {
    expect(() => checkHost(host)).not.toThrow();
  });

  test.each(['', '-oProxyCommand=touch x', '-l', 'pi@-oProxyCommand=x', 'pi@', '@host', 'a b', 'host;id', 'host\nid', '$(id)', 'pi@host:/path', 'ssh://pi@host'])('%j is none', (host) => {
    expect(() => checkHost(host)).toThrow('is no host to connect to');
  });
});

test('the shell there takes the arguments apart into the same ones', async () => {
  const { runner } = await useRunner();
  const odd = ["it's", '$(touch owned)', '', 'a\nb', '*', '~', '-x', ';id'];
  expect((await runner.run(['printf', '%s|', ...odd])).stdout).toBe(`${odd.join('|')}|`);
});

test('no command can ask a question, and all go through one connection', async () => {
  const { runner, calls } = await useRunner();
  await runner.run(['true']);
  const [call = []] = await calls();
  expect(call).toEqual(expect.arrayContaining(['BatchMode=yes', 'ControlMaster=auto', '--', 'pi@camera-4']));
  const control = call.find((part) => part.startsWith('ControlPath='))?.slice('ControlPath='.length) ?? '';
  await runner.close();
  expect(existsSync(join(control, '..'))).toBe(false);
  expect((await calls()).at(-1)).toEqual(expect.arrayContaining(['-O', 'exit']));
});

test('folders are copied below the home folder there, and are the same afterwards', async () => {
  const { runner, folder, calls } = await useRunner();
  await mkdir(join(folder, '.cache/fescue/deploy/recipes'), { recursive: true });
  await writeFile(join(folder, '.cache/fescue/deploy/recipes/old'), 'of before');
  const there = await runner.send(await foldersIn(folder));
  expect(there.recipeDir).toBe(join(folder, '.cache/fescue/deploy/recipes'));
  expect(await readdir(there.recipeDir)).toEqual(['file']);
  expect(await readdir(there.artifactDir)).toEqual(['file']);
  const copies = (await calls()).filter(([program]) => program === 'rsync');
  expect(copies).toHaveLength(2);
  for (const copy of copies) {
    expect(copy).toEqual(expect.arrayContaining(['--partial-dir=.rsync-partial', '--delete']));
    expect(copy).not.toContain('--append');
  }
});

test('what would be copied is said, and not done', async () => {
  const { runner, folder } = await useRunner();
  const { lines, folders } = await runner.sending(await foldersIn(folder));
  expect(lines.join('\n')).toMatch(/^ssh pi@camera-4 'mkdir -p .*\nrsync .*'.*\/the recipes\/' pi@camera-4:.*\nrsync /);
  expect(existsSync(folders.recipeDir)).toBe(false);
});

test('a machine that does not answer is refused, with what to try', async () => {
  const { runner } = await useRunner();
  vi.stubEnv('STAND_IN_UNREACHABLE', 'yes');
  await expect(runner.run(['true'])).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/no connection to pi@camera-4: ssh: connect to host camera-4 port 22: Connection refused.*`ssh pi@camera-4 true`/) as string });
});

test.each([
  ['rsync: connection unexpectedly closed (7 bytes received so far) [sender]\n', /could not be copied to pi@camera-4: rsync: connection unexpectedly closed.*go on from there/],
  ['sh: 1: rsync: not found\n', /rsync is missing here or there; install it/],
])('a copy that breaks off says so: %s', async (problem, message) => {
  const { runner, folder } = await useRunner();
  vi.stubEnv('STAND_IN_RSYNC', problem);
  await expect(runner.send(await foldersIn(folder))).rejects.toThrow(message);
});

test('copying ends when it is interrupted', async () => {
  const { runner, folder } = await useRunner(AbortSignal.abort());
  await expect(runner.send(await foldersIn(folder))).rejects.toMatchObject({ kind: 'cancelled', message: expect.stringContaining('nothing was deployed') as string });
});
