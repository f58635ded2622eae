import { describe, expect, test } from 'vitest';
import { cloudSource } from '../../../scripts/fleet/cloud-source.ts';
import type { FleetDevice, FleetSource } from '../../../scripts/fleet/device.ts';
import { fleetQuery } from '../../../scripts/fleet/index-source.ts';
import { deviceReportOf } from '../../helpers/device-reports.ts';
import { fleetCloud, storedShadow, type FleetMember } from '../../helpers/fleet-cloud.ts';
import type { MemoryCloud } from '../../helpers/memory-cloud.ts';

function membersOf(count: number): FleetMember[] {
  return Array.from({ length: count }, (_, index) => ({ name: `camera-${index}`, reported: deviceReportOf({ device: `camera-${index}` }) }));
}

async function opened(cloud: MemoryCloud, fleet = 'lobby'): Promise<{ source: FleetSource; notes: string[] }> {
  const notes: string[] = [];
  return { source: await cloudSource({ cloud, fleet, parallel: 8, onNote: (text) => notes.push(text), firstPauseMs: 1 }), notes };
}

async function devicesOf({ source }: { source: FleetSource }): Promise<FleetDevice[]> {
  const devices: FleetDevice[] = [];
  for await (const device of source.devices()) devices.push(device);
  return devices;
}

const callsOf = ({ gate }: MemoryCloud, action: string): number => gate.calls.filter((call) => call.action === action).length;

describe('fleet indexing', () => {
  test('is used when it covers the shadow, and no shadow is read then', async () => {
    const cloud = fleetCloud({ members: [...membersOf(250), { name: 'new', reported: undefined, isConnected: true }], indexed: true });
    const { source, notes } = await opened(cloud);
    const devices = await devicesOf({ source });
    expect({ kind: source.kind, notes, count: devices.length, reads: callsOf(cloud, 'iot:GetThingShadow') }).toEqual({ kind: 'index', notes: [], count: 251, reads: 0 });
    expect(devices.find(({ name }) => name === 'new')).toEqual({ name: 'new', report: undefined, isConnected: true });
  });

  test('gives no thing of a group that differs in case only', async () => {
    const cloud = fleetCloud({ members: membersOf(2), indexed: true });
    const things = { ...cloud.things, search: async function* () { yield [{ name: 'a', groups: ['Lobby'], shadow: undefined, isConnected: undefined }, { name: 'b', groups: ['x', 'lobby'], shadow: undefined, isConnected: undefined }]; } };
    expect(await devicesOf(await opened({ ...cloud, things }))).toMatchObject([{ name: 'b' }]);
  });

  test.each([
    ['is off', (cloud: MemoryCloud) => void (cloud.account.indexing = undefined), / because fleet indexing is off\. Switch it on with: aws iot update-indexing-configuration .*namedShadowNames=\[fescue\]/],
    ['does not cover the shadow', (cloud: MemoryCloud) => void (cloud.account.indexing = { namedShadows: ['other'], connectivity: true }), /does not cover the named shadow fescue\. Add .*namedShadowNames=\[other,fescue\]/],
    ['cannot be seen', (cloud: MemoryCloud) => cloud.gate.fail('access-denied', { action: 'iot:GetIndexingConfiguration' }), /needs iot:GetIndexingConfiguration/],
    ['may not be asked', (cloud: MemoryCloud) => cloud.gate.fail('access-denied', { action: 'iot:SearchIndex' }), /needs iot:SearchIndex/],
    ['is being built', (cloud: MemoryCloud) => cloud.gate.fail('refused', { action: 'iot:SearchIndex' }), /fleet indexing cannot be used: iot:SearchIndex of /],
    ['may count less, as groups below cannot be seen', (cloud: MemoryCloud) => cloud.gate.fail('access-denied', { action: 'iot:ListThingGroups' }), /needs iot:ListThingGroups/],
  ])('gives way to reads when it %s', async (_, change, note) => {
    const cloud = fleetCloud({ members: membersOf(3), indexed: true });
    change(cloud);
    const { source, notes } = await opened(cloud);
    expect(source.kind).toBe('reads');
    expect(notes).toEqual([expect.stringMatching(note)]);
    expect(notes[0]).toMatch(/^The shadow of each device is read by itself, because /);
    expect(await devicesOf({ source })).toHaveLength(3);
  });

  test('gives way to reads for a group of groups', async () => {
    const cloud = fleetCloud({ members: membersOf(2), indexed: true });
    cloud.account.groups.set('floor-1', { description: '', tags: {}, members: new Set(['upstairs']), parent: 'lobby' });
    cloud.account.groups.set('room-1', { description: '', tags: {}, members: new Set(['inside']), parent: 'floor-1' });
    for (const name of ['upstairs', 'inside']) cloud.account.things.set(name, { attributes: {}, principals: new Set() });
    const { source, notes } = await opened(cloud);
    expect(notes).toEqual([expect.stringContaining('groups below lobby')]);
    expect((await devicesOf({ source })).map(({ name }) => name).toSorted()).toEqual(['camera-0', 'camera-1', 'inside', 'upstairs']);
  });

  test.each([['lobby', 'lobby'], ['lobby-2_b', 'lobby-2_b'], ['eu:lobby', 'eu\\:lobby'], ['-lobby', '\\-lobby']])('is asked for the group %s', (fleet, term) => {
    expect(fleetQuery(fleet)).toBe(`thingGroupNames:${term}`);
  });
});

describe('shadow reads', () => {
  test('slow down when they are throttled, and read all', async () => {
    const cloud = fleetCloud({ members: membersOf(120) });
    for (let nth = 10; nth < 130; nth += 3) cloud.gate.fail('throttled', { action: 'iot:GetThingShadow', nth });
    const devices = await devicesOf(await opened(cloud));
    expect(devices.filter(({ report }) => report !== undefined)).toHaveLength(120);
    expect(callsOf(cloud, 'iot:GetThingShadow')).toBeGreaterThan(120);
  });

  test('fail when they stay throttled', async () => {
    const cloud = fleetCloud({ members: membersOf(20) });
    cloud.gate.fail('throttled', { action: 'iot:GetThingShadow' });
    await expect(devicesOf(await opened(cloud))).rejects.toMatchObject({ fault: 'throttled' });
  });

  test('go on when some are denied, and say of which devices', async () => {
    const cloud = fleetCloud({ members: membersOf(50) });
    for (const nth of [5, 30, 31]) cloud.gate.fail('access-denied', { action: 'iot:GetThingShadow', nth });
    const devices = await devicesOf(await opened(cloud));
    expect(devices).toHaveLength(50);
    expect(devices.flatMap(({ problem }) => problem ?? [])).toEqual(Array.from({ length: 3 }, () => ({ reason: 'denied', detail: expect.stringContaining('iot:GetThingShadow') as string })));
  });

  test.each([[5], [500]])('fail with the permission they need when all of %i are denied', async (count) => {
    const cloud = fleetCloud({ members: membersOf(count) });
    cloud.gate.fail('access-denied', { action: 'iot:GetThingShadow' });
    await expect(devicesOf(await opened(cloud))).rejects.toMatchObject({ fault: 'access-denied', message: expect.stringContaining('Allow iot:GetThingShadow') as string });
    expect(callsOf(cloud, 'iot:GetThingShadow')).toBeLessThan(40);
  });

  test.each([['iot:ListThingsInThingGroup', 'access-denied'], ['iot:GetThingShadow', 'expired-credentials']] as const)('fail when %s meets %s in the middle', async (action, fault) => {
    const cloud = fleetCloud({ members: membersOf(250) });
    cloud.gate.fail(fault, { action, nth: 2 });
    await expect(devicesOf(await opened(cloud))).rejects.toMatchObject({ fault, action });
  });

  test('take a member that was deleted meanwhile, and a shadow with nothing in it', async () => {
    const cloud = fleetCloud({ members: [{ name: 'gone', reported: undefined }, { name: 'null', reported: null }] });
    cloud.account.things.delete('gone');
    cloud.account.shadows.set('empty', new Map([['fescue', storedShadow(undefined)]]));
    expect((await devicesOf(await opened(cloud))).toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([{ name: 'gone', report: undefined }, { name: 'null', report: undefined }]);
  });
});

describe('the thing group', () => {
  test.each([[true], [false]])('has to be there, with indexing %s', async (indexed) => {
    const cloud = fleetCloud({ members: membersOf(2), indexed });
    await expect(devicesOf(await opened(cloud, 'loby'))).rejects.toMatchObject({ kind: 'not-found', message: expect.stringMatching(/^There is no thing group loby in eu-west-1\. List those there are with: aws iot list-thing-groups --region eu-west-1\./) as string });
  });

  test('may be empty', async () => {
    expect(await devicesOf(await opened(fleetCloud({ members: [] })))).toEqual([]);
  });

  test('is not asked for when it has devices, and need not be visible', async () => {
    const cloud = fleetCloud({ members: membersOf(2) });
    expect(await devicesOf(await opened(cloud))).toHaveLength(2);
    expect(callsOf(cloud, 'iot:DescribeThingGroup')).toBe(0);
    const empty = fleetCloud({ members: [] });
    empty.gate.fail('access-denied', { action: 'iot:DescribeThingGroup' });
    expect(await devicesOf(await opened(empty))).toEqual([]);
  });
});
