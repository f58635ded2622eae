import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { LocalNucleus } from '../../scripts/local-nucleus/nucleus.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';
import { recipeOf, type TestNucleus, useNucleus } from '../helpers/use-nucleus.ts';

// `nobody` is 65534 wherever there is such a user; its group has several names.
const [uid, otherUid] = [65534, 12345];
const isRoot = process.getuid?.() === 0;

/** A nucleus that runs components as `user`, in a folder that user can enter. */
async function useNucleusAs(user: string): Promise<TestNucleus> {
  const folder = await temporaryFolder();
  await chmod(folder, 0o755);
  return useNucleus({ root: join(folder, 'root'), posixUser: user });
}

const identity = 'echo "$(id -u):$(id -g) $HOME"';

if (isRoot) describe('with a user, on a nucleus that runs as root', asRoot);
else test('a nucleus that does not run as root refuses to run components as somebody else', refuses);

function asRoot(): void {
  test('components run as it, with its files theirs, and privileged steps as root', async () => {
    const nucleus = await useNucleusAs(`nobody:${uid}`);
    const run = `${identity}; cat {artifacts:path}/secret.txt {artifacts:decompressedPath}/code/inside.txt; touch mine; test -w $AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT && echo socket; exec sleep 1000`;
    const recipe = recipeOf('one', {
      lifecycle: { install: { Script: `${identity}; touch of-root`, RequiresPrivilege: true }, run, shutdown: 'kill -0 $PPID 2>/dev/null || echo apart' },
      artifacts: [{ Uri: 's3://any/secret.txt' }, { Uri: 's3://any/code.zip', Unarchive: 'ZIP' }],
    });
    const artifacts = { 'one/1.0.0/secret.txt': 'secret\n', 'one/1.0.0/code.zip': zipSync({ 'inside.txt': strToU8('inside\n') }) };
    expect(await nucleus.change({ recipes: [recipe], add: { one: '1.0.0' }, artifacts })).toMatchObject({ status: 'SUCCEEDED' });
    await eventually(() => nucleus.output('one').length === 5, 'the output');
    expect(nucleus.output('one')).toEqual(['0:0 /root', `${uid}:${uid} /nonexistent`, 'secret', 'inside', 'socket']);
    const { root } = nucleus.nucleus;
    const owner = async (path: string): Promise<number> => (await stat(join(root, path))).uid;
    expect(await Promise.all(['work/one', 'work/one/mine', 'packages/artifacts/one/1.0.0/secret.txt', 'packages/artifacts-unarchived/one/1.0.0/code/inside.txt'].map(owner))).toEqual([uid, uid, uid, uid]);
    // Nothing can be added to a version.
    expect(await owner('packages/artifacts/one/1.0.0')).toBe(0);
    await nucleus.nucleus.stop();
    expect(nucleus.output('one').at(-1)).toBe('apart');
  });

  test('one component can have another, by number, and changes it with a restart', async () => {
    const nucleus = await useNucleusAs(String(uid));
    const said = (): string[] => nucleus.output('one').map((line) => line.split(' ')[0] ?? '');
    await nucleus.change({ recipes: [recipeOf('one', { lifecycle: { run: `${identity}; exec sleep 1000` } })], add: { one: '1.0.0' } });
    await eventually(() => said().length === 1, 'the first start');
    await nucleus.change({ runWith: { one: `${otherUid}:${otherUid}` } });
    await eventually(() => said().length === 2, 'the second start');
    await nucleus.change({});
    await nucleus.change({ runWith: { one: '' } });
    await eventually(() => said().length === 3, 'the third start');
    expect(said()).toEqual([`${uid}:${uid}`, `${otherUid}:${otherUid}`, `${uid}:${uid}`]);
    expect(await nucleus.change({ runWith: { one: 'no-such-user' } })).toMatchObject({ detail: 'FAILED_NO_STATE_CHANGE', reason: expect.stringMatching(/There is no user no-such-user in \/etc\/passwd/) as string });
  });

  test('a root the user cannot enter is refused', async () => {
    const folder = await temporaryFolder();
    const nucleus = new LocalNucleus({ root: join(folder, 'root'), environment: process.env, posixUser: 'nobody' });
    await expect(nucleus.start()).rejects.toThrow(new RegExp(`User nobody cannot enter ${folder}, so components`));
    const own = await useNucleus();
    const outcome = await own.change({ recipes: [recipeOf('one', { lifecycle: { run: 'true' } })], add: { one: '1.0.0' }, runWith: { one: 'nobody' } });
    expect(outcome).toMatchObject({ detail: 'FAILED_NO_STATE_CHANGE', reason: expect.stringMatching(/User nobody cannot enter/) as string });
  });
}

async function refuses(): Promise<void> {
  const nucleus = new LocalNucleus({ root: await temporaryFolder(), environment: process.env, posixUser: 'nobody' });
  await expect(nucleus.start()).rejects.toThrow(/only root can start processes of other users/);
}

test('a user that is none is refused', async () => {
  const nucleus = new LocalNucleus({ root: await temporaryFolder(), environment: process.env, posixUser: isRoot ? 'no-such-user:0' : 'root' });
  await expect(nucleus.start()).rejects.toThrow(isRoot ? /There is no user no-such-user/ : /only root/);
});
