import { once } from 'node:events';
import { chmod, copyFile, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { DeviceView, System } from '../../../../../scripts/doctor/device/device-view.ts';
import { glibcNeededBy, isAtLeast, ownGlibc } from '../../../../../scripts/doctor/device/glibc.ts';
import { openDevice, thisSystem } from '../../../../../scripts/doctor/device/open-device.ts';
import { effectiveConfig, layDown, runDeviceCheck, systemIn } from '../../../../helpers/doctor-device.ts';
import { temporaryFolder } from '../../../../helpers/temporary-folder.ts';

const runtime = 'dev.fescue.Runtime';
const agent = 'dev.fescue.EdgeAgent';
const [node] = [process.execPath];

async function classic(settings: object = {}, system: System = systemIn('/none')): Promise<DeviceView & { readonly root: string }> {
  const root = await temporaryFolder();
  await layDown(root, { 'config/effectiveConfig.yaml': effectiveConfig({ components: { [agent]: settings, [runtime]: {} } }) });
  return { ...(await openDevice(system, { root })), root };
}

/** A device whose runtime is a copy of the Node of this test, started for real. */
async function withRuntime(libC: Partial<{ code: number; stdout: string }> = { stdout: 'glibc 2.36\n' }): Promise<DeviceView & { readonly program: string }> {
  const { run } = thisSystem();
  const system = systemIn('/none', { 'getconf GNU_LIBC_VERSION': libC });
  const device = await classic({}, { ...system, run: async (argv, options) => (argv[0] === 'getconf' ? system.run(argv) : run(argv, options)) });
  const folder = join(device.root, 'work', runtime, 'bin');
  await mkdir(folder, { recursive: true });
  await copyFile(node, join(folder, 'node'));
  return { ...device, program: join(folder, 'node') };
}

test('the runtime that starts is of the right version', async () => {
  expect(await runDeviceCheck('runtime', await withRuntime())).toEqual({ status: 'ok', found: `Node ${process.versions.node} and 0 native libraries for ${process.arch}` });
});

test.each([
  ['is cut off', (path: string) => truncate(path, 1_000_000)],
  ['is no ELF file', (path: string) => writeFile(path, '#!/bin/sh\necho v24.0.0\n'.padEnd(100))],
  ['does not start', (path: string) => chmod(path, 0o644)],
  ['needs glibc 2.28, and this system has 2.17', async () => undefined, { stdout: 'glibc 2.17\n' }],
])('a runtime that %s fails', async (found, damage, libC?: object) => {
  const device = await withRuntime(libC);
  await damage(device.program);
  expect(await runDeviceCheck('runtime', device)).toMatchObject({ status: 'fail', found: expect.stringContaining(found) as string });
});

test('musl is no C library for it, and one that is not known is told', async () => {
  const base = await temporaryFolder();
  await layDown(base, { 'lib/ld-musl-x86_64.so.1': '' });
  const device = await withRuntime({ code: 1 });
  expect(await runDeviceCheck('runtime', { ...device, system: { ...device.system, base } })).toMatchObject({ status: 'fail', found: expect.stringContaining('musl') as string });
  expect(await runDeviceCheck('runtime', device)).toMatchObject({ status: 'warning', found: expect.stringContaining('which C library') as string });
});

test('a runtime that was not unpacked fails; one that was not deployed does not apply', async () => {
  const device = await classic();
  expect(await runDeviceCheck('runtime', device)).toMatchObject({ status: 'fail', found: expect.stringContaining('bin/node is missing') as string });
  const { root } = device;
  await layDown(root, { 'config/effectiveConfig.yaml': effectiveConfig({}) });
  expect((await runDeviceCheck('runtime', await openDevice(systemIn('/none'), { root }))).status).toBe('n.a.');
});

test('a native library for another machine fails', async () => {
  const device = await withRuntime();
  const foreign = Buffer.alloc(200);
  foreign.write('\u007fELF\u0002\u0001', 'latin1');
  foreign.writeUInt16LE(3, 16);
  foreign.writeUInt16LE(40, 18);
  await layDown(join(device.program, '../../node_modules/koffi'), { 'koffi.node': foreign });
  expect(await runDeviceCheck('runtime', device)).toMatchObject({ status: 'fail', found: expect.stringContaining(`koffi.node is for arm, and this is ${process.arch}`) as string });
});

test('without getconf the C library is the one that runs this', async () => {
  const device = await withRuntime({ code: 127 });
  const glibc = (version: string | undefined): DeviceView => ({ ...device, system: { ...device.system, glibc: () => version } });
  expect(await runDeviceCheck('runtime', glibc('2.36'))).toMatchObject({ status: 'ok' });
  expect(await runDeviceCheck('runtime', glibc('2.17'))).toMatchObject({ status: 'fail', found: expect.stringContaining('this system has 2.17') as string });
  expect(await runDeviceCheck('runtime', glibc(undefined))).toMatchObject({ status: 'warning', found: expect.stringContaining('which C library') as string });
  expect(ownGlibc()).toMatch(/^2\.\d+$/);
});

test('versions of glibc are read from a program, and compared by their numbers', async () => {
  expect(await glibcNeededBy(node)).toMatch(/^2\.\d+$/);
  expect(await glibcNeededBy(resolve('package.json'))).toBeUndefined();
  expect([isAtLeast('2.36', '2.28'), isAtLeast('2.4', '2.28'), isAtLeast('2.28', '2.28'), isAtLeast('3.0', '2.28')]).toEqual([true, false, true, true]);
});

async function serve(path: string, mode: number): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, mode);
  onTestFinished(() => void server.close());
}

test('the socket has the mode and the group of the settings', async () => {
  const device = await classic({ UnixSocketName: 'a.sock' });
  await mkdir(join(device.root, 'work', agent), { recursive: true });
  await serve(device.socket.path, 0o660);
  await serve(join(device.root, 'ipc.socket'), 0o666);
  const at = async (settings: object): Promise<string> => {
    const { status, found } = await runDeviceCheck('socket', { ...device, agent: { ...device.agent, settings: { ...device.agent.settings, ...settings } } });
    return `${status}: ${found}`;
  };
  expect(await at({})).toMatch(/^ok: .*\/a\.sock, \d+:\d+, 0660$/);
  expect(await at({ UnixSocketMode: '0600' })).toMatch(/^fail: .*expected the mode 0600/);
  expect(await at({ UnixSocketGroup: '4711' })).toMatch(/^fail: .*expected the group 4711/);
  expect(await at({ UnixSocketGroup: String(process.getgid?.()) })).toMatch(/^ok/);
});

test('a socket that is missing, no socket, or left by a dead agent fails', async () => {
  const device = await classic({ UnixSocketName: 'a.sock' });
  const { path } = device.socket;
  expect((await runDeviceCheck('socket', device)).status).toBe('n.a.');
  await serve(join(device.root, 'ipc.socket'), 0o666);
  expect(await runDeviceCheck('socket', device)).toMatchObject({ status: 'fail', found: `${path} is missing` });
  await mkdir(join(device.root, 'work', agent), { recursive: true });
  await writeFile(path, '');
  expect(await runDeviceCheck('socket', device)).toMatchObject({ status: 'fail', found: `${path} is no socket` });
});

test('no agent is asked for where none is deployed, but where one is named', async () => {
  const root = await temporaryFolder();
  const device = await openDevice(systemIn('/none'), { root, socket: join(root, 'none.sock') });
  expect((await runDeviceCheck('socket', device)).status).toBe('fail');
  expect((await runDeviceCheck('socket', { ...device, socket: { ...device.socket, isExpected: false } })).status).toBe('n.a.');
});

test('the IPC socket has to take connections of every component', async () => {
  const device = await classic();
  const path = join(device.root, 'ipc.socket');
  expect(await runDeviceCheck('ipc', device)).toMatchObject({ status: 'fail', found: `${path} is missing` });
  await serve(path, 0o666);
  expect(await runDeviceCheck('ipc', device)).toMatchObject({ status: 'ok', found: expect.stringMatching(/ipc\.socket, of \d+, 0666$/) as string });
  await chmod(path, 0o600);
  expect(await runDeviceCheck('ipc', device)).toMatchObject({ status: 'fail', found: expect.stringContaining('not every component may connect') as string });
});

const recipe = (name: string, extra = ''): string => `RecipeFormatVersion: "2020-01-25"\nComponentName: ${name}\nComponentVersion: 1.0.0\n${extra}Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {run: {Script: "true"}}\n`;

test('recipes are linted for the nucleus found, without what the nucleus notes beside them and what is of AWS', async () => {
  const device = await classic();
  const folder = join(device.root, 'packages/recipes');
  expect((await runDeviceCheck('recipes', device)).status).toBe('n.a.');
  await layDown(folder, { 'b@1.0.0.recipe.yaml': 'ComponentName: aws.greengrass.Old\n' });
  expect((await runDeviceCheck('recipes', device)).status).toBe('n.a.');
  await layDown(folder, { 'a@1.0.0.recipe.yaml': recipe('com.example.A'), 'a@1.0.0.metadata.json': '{"componentARN": null}' });
  expect(await runDeviceCheck('recipes', device)).toMatchObject({ status: 'ok', found: `1 recipe in ${folder}` });
  await layDown(folder, { 'c.yaml': recipe('com.example.C').replace('1.0.0', 'latest') });
  expect(await runDeviceCheck('recipes', device)).toMatchObject({ status: 'fail', found: expect.stringContaining('c.yaml:3') as string, remedy: `fescue lint-recipe ${folder} --nucleus classic` });
});

test('a named folder of recipes has to be there', async () => {
  const device = await openDevice(systemIn('/none'), { root: '/none', recipeFolder: '/nowhere' });
  expect(await runDeviceCheck('recipes', device)).toMatchObject({ status: 'fail', found: expect.stringContaining('/nowhere cannot be read') as string });
});

test('a link in place of a file is followed', async () => {
  const device = await withRuntime();
  const link = join(await temporaryFolder(), 'root');
  await symlink(device.nucleus?.root ?? '', link);
  expect((await runDeviceCheck('runtime', await openDevice(device.system, { root: link }))).status).toBe('ok');
});
