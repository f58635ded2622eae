import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { type CommandResult, fescue, startFescue } from '../helpers/run-command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { recipeOf } from '../helpers/use-nucleus.ts';

type Device = { readonly root: string; readonly deploy: (version: string, run: string, ...args: string[]) => Promise<CommandResult> };

/** A local nucleus that stays, of one test; `deploy` writes the recipe of a component that runs a script, and deploys it. */
async function useDevice(): Promise<Device> {
  const folder = await temporaryFolder();
  const root = join(folder, 'root');
  const recipeDir = join(folder, 'recipes');
  await mkdir(recipeDir);
  await mkdir(join(folder, 'artifacts'));
  onTestFinished(async () => void (await fescue('nucleus', 'stop', '--root', root)));
  return {
    root,
    deploy: async (version, run, ...args) => {
      const recipe = recipeOf('com.example.Camera', { version, lifecycle: { run }, configuration: { Name: 'gate' } });
      await writeFile(join(recipeDir, 'camera.yaml'), stringify(recipe));
      return fescue('deploy', '--root', root, '--recipe-dir', recipeDir, '--artifact-dir', join(folder, 'artifacts'), '--component', `com.example.Camera=${version}`, ...args);
    },
  };
}

test('a nucleus is started, a component deployed to it, followed, read, and removed again', { timeout: 180_000 }, async () => {
  const { root, deploy } = await useDevice();
  const run = 'echo "name {configuration:/Name}"; exec sleep 600';
  const first = await deploy('1.0.0', run, '--set', "com.example.Camera:/Name=it's");
  expect([first.code, first.stdout], first.stderr).toEqual([0, 'component           version  state\ncom.example.Camera  1.0.0    RUNNING\n']);
  expect((await fescue('logs', 'com.example.Camera', '--root', root)).stdout).toMatch(/\[stdout\] name it's\n$/);
  expect(await deploy('1.1.0', run, '--json')).toMatchObject({ code: 0, stdout: expect.stringContaining('"1.1.0"') as string });
  const { stdout } = await fescue('deploy', '--status', '--json', '--root', root);
  expect(JSON.parse(stdout)).toMatchObject({ deployments: [{ state: 'SUCCEEDED' }, { state: 'SUCCEEDED' }], components: expect.arrayContaining([{ name: 'com.example.Camera', version: '1.1.0', state: 'RUNNING' }]) as object });
  expect(await fescue('deploy', '--remove', 'com.example.Camera', '--root', root)).toMatchObject({ code: 0 });
  expect((await fescue('deploy', '--status', '--root', root)).stdout).not.toContain('com.example.Camera');
});

test('a component that cannot work is blamed, and rolled back', { timeout: 180_000 }, async () => {
  const { root, deploy } = await useDevice();
  expect(await deploy('1.0.0', 'exec sleep 600')).toMatchObject({ code: 0 });
  const { code, stderr } = await deploy('2.0.0', 'echo no lens; exit 3');
  expect(code).toBe(1);
  expect(stderr).toMatch(/is FAILED: .*com\.example\.Camera[^]*The log of com\.example\.Camera ends with:\n[^]*no lens/);
  expect((await fescue('deploy', '--status', '--root', root)).stdout).toMatch(/com\.example\.Camera +1\.0\.0 +RUNNING/);
});

test('topics are followed', { timeout: 180_000 }, async () => {
  const { root, deploy } = await useDevice();
  expect(await deploy('1.0.0', 'exec sleep 600')).toMatchObject({ code: 0 });
  const command = startFescue('tail', 'cameras/#', '--root', root);
  await vi.waitFor(() => expect(command.output().stderr).toContain('Listening on cameras/#'), { timeout: 20_000 });
  command.process.kill('SIGINT');
  expect(await command.done).toMatchObject({ code: 0, stdout: '' });
});
