import { once } from 'node:events';
import { access, chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { listProcesses } from '../../scripts/local-nucleus/process-tree.ts';
import { complaints, examine, serve, urlOf } from '../helpers/doctor-report.ts';
import { fescue, startFescue } from '../helpers/run-command.ts';
import { type StandIns, useStandIns } from '../helpers/stand-ins.ts';
import { type Camera, startCamera } from '../helpers/start-camera.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const host = 'pi@camera-4';

/** A device without Greengrass, over the stand-in for ssh, and a folder for what is written meanwhile. */
async function useHost(): Promise<StandIns & { readonly temporary: string }> {
  const standIns = await useStandIns({ states: [], components: [] });
  const temporary = await temporaryFolder();
  vi.stubEnv('TMPDIR', temporary);
  return { ...standIns, temporary };
}

/** Lets the device have these programs alone, besides those of a shell. */
async function onlyPrograms(folder: string, programs: Readonly<Record<string, string>>): Promise<void> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const program of ['sh', 'id', 'head', 'true']) await symlink(await found(program), join(bin, program));
  for (const [name, script] of Object.entries(programs)) await writeFile(join(bin, name), script, { mode: 0o755 });
  vi.stubEnv('STAND_IN_PATH', bin);
}

async function found(program: string): Promise<string> {
  for (const folder of ['/bin', '/usr/bin']) {
    const isThere = await access(join(folder, program)).then(() => true, () => false);
    if (isThere) return join(folder, program);
  }
  throw new Error(`there is no ${program}`);
}

describe('a device where the components run', { timeout: 180_000 }, () => {
  let camera: Camera;
  beforeAll(async () => {
    camera = await startCamera();
  }, 180_000);
  afterAll(async () => camera?.stop(), 60_000);

  /** Its clock is right and synchronised. */
  async function useCameraHost(): Promise<StandIns & { readonly temporary: string }> {
    const standIns = await useHost();
    const clock = await serve((_, response) => response.setHeader('date', new Date().toUTCString()).end());
    vi.stubEnv('AWS_ENDPOINT_URL_STS', urlOf(clock));
    vi.stubEnv('PATH', `${join(camera.folder, 'bin')}:${process.env['PATH'] ?? ''}`);
    return standIns;
  }

  test('is examined as one would be on itself, with its own Node, and nothing is written', async () => {
    const { temporary, folder, calls } = await useCameraHost();
    const before = await readdir(folder);
    const over = await examine('--device', '--host', host, '--root', camera.root);
    expect([over.code, complaints(over)]).toEqual([0, {}]);
    const here = await examine('--device', '--root', camera.root);
    const statuses = ({ report }: typeof here): string[] => report.checks.map(({ name, status }) => `${name} ${status}`);
    expect(statuses(over)).toEqual(statuses(here));
    expect(over.report).toMatchObject({ host, subject: here.report.subject, nucleus: { kind: 'local', root: camera.root } });
    expect(here.report).not.toHaveProperty('host');
    expect((await calls()).some((call) => call.at(-1)?.includes(join(camera.root, 'work/dev.fescue.Runtime/bin/node')))).toBe(true);
    expect(await readdir(temporary)).toEqual([]);
    expect((await readdir(folder)).filter((name) => name !== 'calls')).toEqual(before);
  });

  test('gives the names that the account is checked by, and the table names the host', async () => {
    await useCameraHost();
    const { code, stdout } = await fescue('doctor', '--host', host, '--root', camera.root, '--only', 'greengrass,aws-credentials', '--region', 'eu-west-1', '--endpoint', 'http://127.0.0.1:9');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^device {6}pi@camera-4 {2}\(--host\)\nGreengrass {2}Fescue's local nucleus in .*\nthing {7}camera-4 {2}\(.*state\.json\)\nfleet {7}lobby {2}/);
    expect(stdout).toMatch(/ aws-credentials +warning +the account is not checked/);
  });

  test('whose Node does not start fails by that, when there is another one', async () => {
    await useCameraHost();
    const program = join(camera.root, 'work/dev.fescue.Runtime/bin/node');
    await chmod(program, 0o644);
    onTestFinished(async () => chmod(program, 0o755));
    expect(complaints(await examine('--device', '--host', host, '--root', camera.root))).toEqual({ runtime: expect.stringMatching(/^fail: .*bin\/node/) as string });
  });
});

describe('a device', () => {
  let device: Awaited<ReturnType<typeof useHost>>;
  beforeEach(async () => void (device = await useHost()));

  test('without Node says so, and the account is checked all the same', async () => {
    await onlyPrograms(device.folder, { node: '#!/bin/sh\necho v18.19.1\n' });
    const examined = await examine('--host', host, '--only', 'greengrass,aws-credentials', '--region', 'eu-west-1', '--endpoint', 'http://127.0.0.1:9');
    expect(examined.code).toBe(1);
    expect(complaints(examined)).toEqual({ runtime: expect.stringMatching(/^fail: no Node of version 20 or newer was found on pi@camera-4: .*says v18\.19\.1$/) as string, 'aws-credentials': expect.any(String) as string });
    expect(examined.report).not.toHaveProperty('nucleus');
  });

  test('on which the program does not run to its end could not be examined', async () => {
    await onlyPrograms(device.folder, { node: '#!/bin/sh\n[ "$1" = --version ] && echo v20.1.0 && exit\necho "cannot allocate memory" >&2\nexit 1\n' });
    expect(await fescue('doctor', '--host', host)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/do not run on pi@camera-4 with .*bin\/node v20\.1\.0: cannot allocate memory\./) as string });
  });

  test('that does not answer could not be examined', async () => {
    vi.stubEnv('STAND_IN_UNREACHABLE', 'yes');
    const { code, stdout, stderr } = await fescue('doctor', '--host', host);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^fescue: There is no connection to pi@camera-4: .*Connection refused\. `ssh pi@camera-4 true` has to work without a question/);
    expect(await readdir(device.temporary)).toEqual([]);
  });

  test('whose name is an option is refused', async () => {
    expect(await fescue('doctor', '--host=-oProxyCommand=x')).toMatchObject({ code: 2, stderr: expect.stringContaining('is no host to connect to') as string });
  });

  test('is left as it was by an interruption', async () => {
    const asked = Promise.withResolvers<void>();
    const silent = createServer(() => asked.resolve());
    silent.listen(0, 'localhost');
    await once(silent, 'listening');
    onTestFinished(() => {
      silent.closeAllConnections();
      silent.close();
    });
    vi.stubEnv('AWS_ENDPOINT_URL_STS', urlOf(silent));
    const marker = `marker-${process.pid}`;
    const command = startFescue('doctor', '--device', '--host', host, '--only', 'clock', '--fleet', marker);
    await asked.promise;
    const there = await examiners(marker);
    expect(there.length).toBeGreaterThan(0);
    command.process.kill('SIGINT');
    const { code, stdout, stderr } = await command.done;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/The examination of pi@camera-4 was interrupted\. Nothing is left there\.\n$/);
    await vi.waitFor(async () => expect(await examiners(marker)).toEqual([]), { timeout: 20_000 });
    expect(await readdir(device.temporary)).toEqual([]);
  });
});

/** The processes on the device that examine it. */
async function examiners(marker: string): Promise<number[]> {
  const pids: number[] = [];
  for (const { pid } of listProcesses()) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(`"fleet":"${marker}"`)) pids.push(pid);
  }
  return pids;
}
