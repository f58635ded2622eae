import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import type { DeviceView, Nucleus } from '../../../../../scripts/doctor/device/device-view.ts';
import { openDevice } from '../../../../../scripts/doctor/device/open-device.ts';
import { type ClassicOptions, effectiveConfig, layDown, runDeviceCheck, systemIn } from '../../../../helpers/doctor-device.ts';
import { temporaryFolder } from '../../../../helpers/temporary-folder.ts';

async function classic(options: ClassicOptions = {}, base = '/none'): Promise<DeviceView> {
  const root = await temporaryFolder();
  await layDown(root, { 'config/effectiveConfig.yaml': effectiveConfig(options) });
  return openDevice(systemIn(base), { root });
}

/** A device whose nucleus is of another kind. */
const asKind = (device: DeviceView, kind: Nucleus['kind']): DeviceView => ({ ...device, ...(device.nucleus && { nucleus: { ...device.nucleus, kind } }) });

test('a machine without Greengrass fails, with the places that were looked at', async () => {
  const root = await temporaryFolder();
  expect(await runDeviceCheck('greengrass', await openDevice(systemIn('/none'), { root }))).toMatchObject({ status: 'fail', found: `no Greengrass in ${root}`, remedy: expect.stringContaining('docs/devices/README.md') as string });
});

test.each([
  ['1.11.0', 'fail'],
  ['2.0.3', 'warning'],
  ['2.8.99', 'warning'],
  ['2.9.0', 'ok'],
  ['2.14.0-SNAPSHOT', 'ok'],
  ['3.0.0', 'ok'],
])('nucleus %s is %s', async (version, status) => {
  expect((await runDeviceCheck('nucleus-version', await classic({ version }))).status).toBe(status);
});

test.each(['greengrass', 'greengrass-lite.target'])('a nucleus runs when systemd says so: %s', async (unit) => {
  const device = asKind(await classic(), unit === 'greengrass' ? 'classic' : 'lite');
  const running = { ...device, system: systemIn('/none', { [`systemctl is-active --quiet ${unit}`]: { code: 0 } }) };
  expect(await runDeviceCheck('greengrass-running', running)).toMatchObject({ status: 'ok', found: expect.stringContaining(unit) as string });
  expect(await runDeviceCheck('greengrass-running', device)).toMatchObject({ status: 'fail', remedy: expect.stringContaining(`systemctl start ${unit}`) as string });
});

test('without systemd, a program that was told the root is the nucleus', async () => {
  const device = await classic({}, '/');
  expect((await runDeviceCheck('greengrass-running', device)).status).toBe('fail');
  const child = spawn(process.execPath, ['-e', 'console.log(1); setTimeout(() => 0, 60_000)', '--', `-Droot=${device.nucleus?.root}`], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill());
  await once(child.stdout, 'data');
  expect(await runDeviceCheck('greengrass-running', device)).toMatchObject({ status: 'ok', found: `process ${child.pid}` });
});

test.each(['Camera-4', 'camera_4', 'camera:4', '-camera', 'camera-4-'])('a thing called %s fails, and another name is proposed', async (thingName) => {
  const verdict = await runDeviceCheck('device-thing-name', await classic({ thingName }));
  expect(verdict).toMatchObject({ status: 'fail', found: expect.stringContaining(`is called ${thingName};`) as string, remedy: expect.stringMatching(/--thing camera(-4)? --apply$/) as string });
});

test('the thing, the agent and the command line have to name the same', async () => {
  const agent = (DeviceName: string): Promise<DeviceView> => classic({ components: { 'dev.fescue.EdgeAgent': { DeviceName } } });
  expect(await runDeviceCheck('device-thing-name', await agent(''))).toEqual({ status: 'ok', found: 'camera-4' });
  expect(await runDeviceCheck('device-thing-name', await agent('camera-4'))).toEqual({ status: 'ok', found: 'camera-4' });
  expect(await runDeviceCheck('device-thing-name', await agent('other'))).toMatchObject({ status: 'fail', found: expect.stringContaining('other (DeviceName)') as string });
  expect(await runDeviceCheck('device-thing-name', await agent(''), { subject: { thing: 'camera-5' } })).toMatchObject({ status: 'fail', found: expect.stringContaining('camera-5 is asked about') as string });
  expect(await runDeviceCheck('device-thing-name', await classic({ thingName: '' }))).toMatchObject({ status: 'fail', found: expect.stringContaining('not registered') as string });
});

test('the role alias has to be there, and the one in question', async () => {
  const device = await classic();
  expect((await runDeviceCheck('device-role-alias', device, { subject: { roleAlias: 'SageMakerEdge-lobby' } })).status).toBe('ok');
  expect(await runDeviceCheck('device-role-alias', device, { subject: { roleAlias: 'Other' } })).toMatchObject({ status: 'fail', found: expect.stringContaining('Other is asked about') as string });
  expect(await runDeviceCheck('device-role-alias', await classic({ roleAlias: '' }))).toMatchObject({ status: 'fail', found: expect.stringContaining('no role alias') as string });
  expect(await runDeviceCheck('device-role-alias', await classic({ roleAlias: 'a b' }))).toMatchObject({ status: 'fail', found: expect.stringContaining('expected at most 128') as string });
  expect((await runDeviceCheck('device-role-alias', asKind(device, 'local'))).status).toBe('n.a.');
});

test('a component that is not of AWS has to be deployed', async () => {
  const device = await classic({ tokenExchangePort: 1 });
  const remedy = `fescue deploy --to greengrass --root ${device.nucleus?.root}`;
  expect(await runDeviceCheck('device-component', device)).toMatchObject({ status: 'fail', remedy });
  expect(await runDeviceCheck('device-component', { ...device, system: { ...device.system, host: 'pi@camera-4' } })).toMatchObject({ remedy: `${remedy} --host pi@camera-4` });
  expect(await runDeviceCheck('device-component', await classic({ components: { 'com.example.Camera': {} } }))).toEqual({ status: 'ok', found: 'com.example.Camera 0.1.0' });
});
