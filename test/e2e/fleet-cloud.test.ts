import { expect, test } from 'vitest';
import type { FleetReport } from '../../scripts/fleet/fleet-report.ts';
import { useAwsServer } from '../helpers/aws-server.ts';
import { deviceReportOf } from '../helpers/device-reports.ts';
import { fleetCloud, type FleetMember } from '../helpers/fleet-cloud.ts';
import { iotAnswers } from '../helpers/iot-answers.ts';
import type { MemoryCloud } from '../helpers/memory-cloud.ts';
import { startFescueIn, type CommandResult, type RunningCommand } from '../helpers/run-command.ts';
import { eventually } from '../helpers/use-agent.ts';

const seconds = (): number => Math.floor(Date.now() / 1000);

function membersOf(count: number): FleetMember[] {
  return Array.from({ length: count }, (_, index) => ({ name: `camera-${index}`, reported: index % 10 === 9 ? undefined : deviceReportOf({ device: `camera-${index}`, time: seconds() }) }));
}

/** Starts `fescue fleet` against IoT Core over HTTP, with the account of `cloud` behind it. */
async function startFleet(cloud: MemoryCloud, ...args: string[]): Promise<RunningCommand> {
  const { endpoint } = await useAwsServer(iotAnswers(cloud));
  const environment = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: '', AWS_EC2_METADATA_DISABLED: 'true', AWS_MAX_ATTEMPTS: '2' };
  return startFescueIn(environment, 'fleet', ...args, '--region', 'eu-west-1', '--endpoint', endpoint);
}

async function fleet(cloud: MemoryCloud, ...args: string[]): Promise<CommandResult> {
  return (await startFleet(cloud, ...args)).done;
}

test.each([[true, 'index'], [false, 'reads']])('a fleet is reported on, with indexing %s', async (indexed, kind) => {
  const { code, stdout, stderr } = await fleet(fleetCloud({ members: membersOf(230), indexed }), 'report', '--fleet', 'lobby', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const report = JSON.parse(stdout) as FleetReport;
  expect(report).toMatchObject({ fleet: 'lobby', source: { kind }, devices: { registered: 230, connected: 207, neverReported: 23, cloudConnected: null } });
  expect(report.notes).toHaveLength(indexed ? 0 : 1);
});

test('a fleet of groups is read whole', async () => {
  const cloud = fleetCloud({ members: membersOf(3), indexed: true });
  cloud.account.groups.set('floor-1', { description: '', tags: {}, members: new Set(['upstairs']), parent: 'lobby' });
  cloud.account.things.set('upstairs', { attributes: {}, principals: new Set() });
  const { code, stdout } = await fleet(cloud, 'report', '--fleet', 'lobby');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^devices +4 registered, 3 reported$/m);
  expect(stdout).toMatch(/^- The shadow of each device is read by itself, because there are groups below lobby/m);
});

test('throttling costs time, and nothing else', async () => {
  const cloud = fleetCloud({ members: membersOf(40) });
  for (let nth = 5; nth < 40; nth += 7) cloud.gate.fail('throttled', { action: 'iot:GetThingShadow', nth });
  const { code, stdout } = await fleet(cloud, 'report', '--fleet', 'lobby', '--json');
  expect({ code, devices: (JSON.parse(stdout) as FleetReport).devices }).toMatchObject({ code: 0, devices: { registered: 40, connected: 36, unreadable: 0 } });
});

test('a shadow that may not be read is told with its device', async () => {
  const cloud = fleetCloud({ members: membersOf(40) });
  cloud.gate.fail('access-denied', { action: 'iot:GetThingShadow', nth: 20 });
  const { code, stdout } = await fleet(cloud, 'report', '--fleet', 'lobby');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^its shadow may not be read +1 +camera-\d+: iot:GetThingShadow of shadow fescue of thing camera-\d+: access is denied\. Allow iot:GetThingShadow/m);
});

test.each([
  ['no shadow may be read', 'access-denied', { action: 'iot:GetThingShadow' }, /^fescue: iot:GetThingShadow of .*: access is denied\. Allow iot:GetThingShadow to this identity/],
  ['members may not be listed', 'access-denied', { action: 'iot:ListThingsInThingGroup' }, /Allow iot:ListThingsInThingGroup/],
  ['the next page of members may not be listed', 'access-denied', { action: 'iot:ListThingsInThingGroup', nth: 2 }, /Allow iot:ListThingsInThingGroup/],
  ['credentials expire in the middle', 'expired-credentials', { action: 'iot:GetThingShadow', nth: 150 }, /the AWS credentials have expired\. Sign in again/],
] as const)('a report fails with what to do when %s', async (_, fault, which, message) => {
  const cloud = fleetCloud({ members: membersOf(230) });
  cloud.gate.fail(fault, which);
  const { code, stdout, stderr } = await fleet(cloud, 'report', '--fleet', 'lobby', '--quiet');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(message);
});

test('a group that is not there is told', async () => {
  const { code, stderr } = await fleet(fleetCloud({ members: [] }), 'report', '--fleet', 'loby');
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('List those there are with: aws iot list-thing-groups --region eu-west-1.') as string });
});

test('one device is described without its fleet, and missed when there is none', async () => {
  const cloud = fleetCloud({ members: membersOf(10) });
  expect((await fleet(cloud, 'status', 'camera-1')).stdout).toMatch(/^device +camera-1\nstate +connected, reported/);
  expect((await fleet(cloud, 'status', 'camera-9')).stdout).toBe('device  camera-9\nstate   never reported\n');
  expect(await fleet(cloud, 'status', 'camera-10')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no thing camera-10 in eu-west-1') as string });
});

test('watching by reads tells what it costs, outlives a bad round, and ends with 0 on Ctrl-C', async () => {
  const cloud = fleetCloud({ members: membersOf(20) });
  const watch = await startFleet(cloud, 'watch', '--fleet', 'lobby', '--every', '0.2');
  await eventually(() => watch.output().stderr.includes('Each round reads 20 shadows, which is 8,640,000 a day with a round every 0.2 s.'), 'the cost');
  cloud.gate.fail('throttled', { action: 'iot:ListThingsInThingGroup' });
  await eventually(() => /^That round failed: iot:ListThingsInThingGroup/m.test(watch.output().stderr), 'a bad round');
  cloud.gate.recover();
  cloud.account.shadows.delete('camera-3');
  await eventually(() => watch.output().stdout.includes('camera-3 has no report any more'), 'a change');
  watch.process.kill('SIGINT');
  expect((await watch.done).code).toBe(0);
  expect(watch.output().stdout).not.toContain('is gone');
});

test('watching ends with 1 when it is no longer allowed', async () => {
  const cloud = fleetCloud({ members: membersOf(20) });
  const watch = await startFleet(cloud, 'watch', '--fleet', 'lobby', '--every', '0.2');
  await eventually(() => watch.output().stdout.includes('20 devices: 18 connected, 2 never reported'), 'the first round');
  cloud.gate.fail('access-denied');
  const { code, stderr } = await watch.done;
  expect(code).toBe(1);
  expect(stderr).toMatch(/Allow iot:ListThingsInThingGroup/);
});
