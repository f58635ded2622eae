import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openTarget } from '../../../scripts/deploy/greengrass-target.ts';
import { localRunner } from '../../../scripts/deploy/local-runner.ts';
import type { Argv, Finished } from '../../../scripts/deploy/run-process.ts';
import type { Runner } from '../../../scripts/deploy/runner.ts';
import type { Target } from '../../../scripts/deploy/target.ts';
import { greengrassRootIn, useStandIns } from '../../helpers/stand-ins.ts';

const order = { folders: undefined, add: {}, remove: ['com.example.Gone'], configuration: {} };

async function useTarget(options: { runner?: Runner; interactive?: boolean } = {}): Promise<{ target: Target; root: string; calls: () => Promise<string[][]> }> {
  const { folder, calls } = await useStandIns({ states: ['SUCCEEDED'], components: [] });
  const root = await greengrassRootIn(folder);
  const target = await openTarget({ runner: options.runner ?? localRunner(), root, interactive: options.interactive ?? false });
  onTestFinished(async () => target.close());
  return { target, root, calls };
}

/** A machine whose user is not root, and may read the token only when the file is there and readable. */
function asUser(uid: number): Runner {
  const runner = localRunner();
  return {
    ...runner,
    run: async ([program, ...args]: Argv, options): Promise<Finished> => (program === 'sh' && args[0] === '-c' ? runner.run(['sh', '-c', `id() { case $1 in -u) echo ${uid};; -g) echo ${uid};; esac; }; ${args[1]}`, ...args.slice(2)], options) : runner.run([program, ...args], options)),
  };
}

describe('sudo', () => {
  test('is not used by root', async () => {
    const { target, root } = await useTarget({ runner: asUser(0) });
    expect(await target.commands(order)).toEqual([`${root}/bin/greengrass-cli deployment create --remove com.example.Gone --failure-handling-policy ROLLBACK`]);
  });

  test('is used, and shown, when the token is for others', async () => {
    const { target, root, calls } = await useTarget({ runner: asUser(1000) });
    expect(await target.commands(order)).toEqual([`sudo -n ${root}/bin/greengrass-cli deployment create --remove com.example.Gone --failure-handling-policy ROLLBACK`]);
    await target.deploy(order);
    expect((await calls()).map(([program]) => program)).toEqual(['sudo', 'greengrass-cli']);
  });

  test.each(['user-1000', 'group-1000'])('is not used when %s may be read', async (file) => {
    const { folder } = await useStandIns({ states: ['SUCCEEDED'], components: [] });
    const root = await greengrassRootIn(folder);
    await mkdir(join(root, 'cli_ipc_info'));
    await writeFile(join(root, 'cli_ipc_info', file), '{}');
    const target = await openTarget({ runner: asUser(1000), root, interactive: false });
    expect((await target.commands(order))[0]).toMatch(/^\/.*greengrass-cli deployment create/);
  });

  test('may ask on a terminal', async () => {
    const { target } = await useTarget({ runner: asUser(1000), interactive: true });
    expect((await target.commands(order))[0]).toMatch(/^sudo \//);
  });

  test('that would ask without one is refused, with what to do', async () => {
    const { target } = await useTarget({ runner: asUser(1000) });
    vi.stubEnv('STAND_IN_PASSWORD', 'yes');
    await expect(target.deploy(order)).rejects.toThrow(/sudo asks for a password that nobody can type here.*AuthorizedPosixGroups/);
    await expect(target.logs('com.example.A', { lines: 1, follow: false, onLine: () => undefined })).rejects.toThrow(/sudo asks for a password/);
  });
});

test('a root without greengrass-cli is refused, with what to do', async () => {
  const { target, root } = await useTarget();
  await rm(join(root, 'bin/greengrass-cli'));
  await expect(target.components()).rejects.toMatchObject({ kind: 'not-found', message: expect.stringMatching(/greengrass-cli is not there\. Deploy the component aws\.greengrass\.Cli .*GG_ROOT/) as string });
});

test('greengrass-cli that may not be run is refused', async () => {
  const { target, root } = await useTarget();
  await rm(join(root, 'bin/greengrass-cli'));
  await writeFile(join(root, 'bin/greengrass-cli'), '');
  await chmod(join(root, 'bin/greengrass-cli'), 0o644);
  await expect(target.components()).rejects.toThrow(/greengrass-cli cannot be started: .*EACCES/);
});

test('what greengrass-cli complains of is told in one line', async () => {
  const { target } = await useTarget();
  vi.stubEnv('STAND_IN_BROKEN', 'java.lang.RuntimeException: Unable to create ipc client\n\tat com.aws.X.y(X.java:1)\nCaused by: java.io.IOException: Not able to find auth information\n');
  await expect(target.deploy(order)).rejects.toThrow(/^\S+greengrass-cli deployment create .* failed: Not able to find auth information\. See that the nucleus runs/);
});

test('earlier deployments are listed', async () => {
  const { target } = await useTarget();
  expect(await target.deployments()).toEqual([]);
  const { id } = await target.deploy(order);
  expect(await target.deployments()).toEqual([{ id, state: 'SUCCEEDED', createdOn: '25-11-2026 18:25:26 UTC' }]);
});
