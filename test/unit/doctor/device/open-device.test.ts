import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDevice } from '../../../../scripts/doctor/device/open-device.ts';
import { effectiveConfig, layDown, systemIn } from '../../../helpers/doctor-device.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const agent = 'dev.fescue.EdgeAgent';
const configPath = 'greengrass/v2/config/effectiveConfig.yaml';

test('the classic nucleus is read from its effective configuration, its own parts left out', async () => {
  const base = await temporaryFolder();
  await layDown(base, { [configPath]: effectiveConfig({ tokenExchangePort: 41667, components: { [agent]: { UnixSocketName: 'agent.sock', UnixSocketMode: '0600' } } }) });
  const { nucleus, agent: found, socket } = await openDevice(systemIn(base));
  const root = join(base, 'greengrass/v2');
  expect(nucleus).toMatchObject({ kind: 'classic', root, ipcSocket: join(root, 'ipc.socket') });
  expect(nucleus?.configuration).toMatchObject({ version: '2.14.0', thingName: 'camera-4', roleAlias: 'SageMakerEdge-lobby', region: 'eu-west-1', tokenExchangeUrl: 'http://localhost:41667/2016-11-01/credentialprovider/' });
  expect(nucleus?.configuration?.components?.map(({ name }) => name)).toEqual(['aws.greengrass.TokenExchangeService', agent]);
  expect(found.settings.UnixSocketMode).toBe('0600');
  expect(socket).toEqual({ path: join(root, 'work', agent, 'agent.sock'), isExpected: true });
});

test('the version is also told by the folder that the nucleus is started from', async () => {
  const root = await temporaryFolder();
  await layDown(root, { 'config/effectiveConfig.yaml': 'system: {}\nservices: {}\n' });
  await mkdir(join(root, 'alts/current'), { recursive: true });
  await symlink('/greengrass/v2/packages/artifacts-unarchived/aws.greengrass.Nucleus/2.11.2/aws.greengrass.nucleus', join(root, 'alts/current/distro'));
  expect((await openDevice(systemIn('/none'), { root })).nucleus?.configuration).toMatchObject({ version: '2.11.2', thingName: undefined });
});

test('changes since the last start are read from the log of changes', async () => {
  const root = await temporaryFolder();
  const changes = [
    { TS: 1, TP: ['system', 'thingName'], W: 'changed', V: 'camera-5' },
    { TS: 1, TP: ['services', agent, 'componentType'], W: 'changed', V: 'GENERIC' },
    { TS: 1, TP: ['services', agent, 'version'], W: 'changed', V: '0.2.0' },
    { TS: 1, TP: ['services', agent, 'configuration', 'DeviceFleetName'], W: 'changed', V: 'gates' },
    { TS: 0, TP: ['services', 'aws.greengrass.TokenExchangeService', 'configuration', 'activePort'], W: 'changed', V: 45491 },
  ];
  await layDown(root, { 'config/effectiveConfig.yaml': effectiveConfig({}), 'config/config.tlog': changes.map((change) => `${JSON.stringify(change)}\n`).join('') });
  const { nucleus, agent: found } = await openDevice(systemIn('/none'), { root });
  expect(nucleus).toMatchObject({ configurationFile: join(root, 'config/config.tlog'), configuration: { thingName: 'camera-5', tokenExchangeUrl: 'http://localhost:45491/2016-11-01/credentialprovider/' } });
  expect([found.component?.version, found.settings.DeviceFleetName]).toEqual(['0.2.0', 'gates']);
});

test('what nothing that is deployed needs any more is not deployed', async () => {
  const root = await temporaryFolder();
  const service = (dependencies: string): string => `{componentType: GENERIC, version: 1.0.0, dependencies: ${dependencies}}`;
  await layDown(root, { 'config/effectiveConfig.yaml': `services:\n  main: {dependencies: ["DeploymentService:HARD", com.example.Camera]}\n  com.example.Camera: ${service('["com.example.Lens:SOFT"]')}\n  com.example.Lens: ${service('["com.example.Camera:HARD", "com.example.Gone:HARD"]')}\n  ${agent}: ${service('null')}\n` });
  expect((await openDevice(systemIn('/none'), { root })).nucleus?.configuration?.components?.map(({ name }) => name)).toEqual(['com.example.Camera', 'com.example.Lens']);
});

test.each([
  ['config/effectiveConfig.yaml', '{ not yaml', 'fail', /is no configuration of a nucleus/],
  ['config/effectiveConfig.yaml', '[]', 'fail', /is no configuration of a nucleus/],
  ['config/config.tlog', '\u0000\u0000', 'fail', /is missing: the nucleus has never been started/],
])('a root whose %s holds %j is told', async (path, content, status, found) => {
  const root = await temporaryFolder();
  await layDown(root, { [path]: content });
  const { nucleus } = await openDevice(systemIn('/none'), { root });
  expect(nucleus?.problem).toMatchObject({ status, found: expect.stringMatching(found) as string, remedy: expect.any(String) as string });
});

const unit = (name: string, version: string): string => `Id=ggl.${name}.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nNRestarts=0\nMainPID=1\nInactiveEnterTimestampMonotonic=0\nExecStart={ path=/usr/bin/recipe-runner ; argv[]=/usr/bin/recipe-runner -n ${name} -v ${version} -p run ; }\n`;

test('nucleus lite is read from its configuration, later files first, its components from systemd and their recipes', async () => {
  const base = await temporaryFolder();
  await layDown(base, {
    'etc/greengrass/config.yaml': 'system: {thingName: small-1, rootPath: /var/lib/gg}\nservices:\n  aws.greengrass.NucleusLite: {configuration: {awsRegion: eu-west-1, iotRoleAlias: First}}\n',
    'etc/greengrass/config.d/10-alias.yaml': 'services:\n  aws.greengrass.NucleusLite: {configuration: {iotRoleAlias: Second}}\n',
    [`var/lib/gg/packages/recipes/${agent}-0.1.1.yaml`]: 'ComponentConfiguration: {DefaultConfiguration: {DeviceFleetName: lobby}}\n',
  });
  const { nucleus, agent: found } = await openDevice(systemIn(base, { 'systemctl show': { stdout: `${unit(agent, '0.1.1')}\n${unit('core.ggipcd', '')}` } }));
  expect(nucleus).toMatchObject({ kind: 'lite', root: join(base, 'var/lib/gg'), ipcSocket: join(base, 'var/lib/gg/gg-ipc.socket') });
  expect(nucleus?.configuration).toMatchObject({ thingName: 'small-1', roleAlias: 'Second', region: 'eu-west-1', components: [{ name: agent, version: '0.1.1' }] });
  expect(found.settings.DeviceFleetName).toBe('lobby');
});

test('what is deployed to nucleus lite cannot be told without systemd', async () => {
  const base = await temporaryFolder();
  await layDown(base, { 'etc/greengrass/config.yaml': 'system: {thingName: small-1}\nservices: {}\n' });
  expect((await openDevice(systemIn(base))).nucleus?.configuration?.components).toBeUndefined();
});

test('a machine without Greengrass has none, and says where it was looked for', async () => {
  const root = await temporaryFolder();
  expect(await openDevice(systemIn('/none', {}, { GG_ROOT: root }))).toMatchObject({ nucleus: undefined, searched: [root] });
  expect(await openDevice(systemIn('/none', {}, { GGC_ROOT_PATH: root }))).toMatchObject({ nucleus: undefined, searched: [root] });
});

test('the named root and socket are taken, whatever else there is', async () => {
  const [base, root] = [await temporaryFolder(), await temporaryFolder()];
  await layDown(base, { [configPath]: effectiveConfig({}) });
  await layDown(root, { 'config/effectiveConfig.yaml': effectiveConfig({ thingName: 'other' }) });
  const device = await openDevice(systemIn(base, {}, { GG_ROOT: '/elsewhere' }), { root, socket: '/tmp/mine.sock' });
  expect([device.nucleus?.configuration?.thingName, device.socket]).toEqual(['other', { path: '/tmp/mine.sock', isExpected: true }]);
});
