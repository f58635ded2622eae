import { describe, expect, test } from 'vitest';
import type { FleetDevice, FleetSource } from '../../scripts/fleet/device.ts';
import { deviceReportOf } from '../helpers/device-reports.ts';
import type { FleetMember } from '../helpers/fleet-cloud.ts';

/** What every source has to do with the same devices. */
export function fleetSourceContract(name: string, open: (members: readonly FleetMember[]) => Promise<FleetSource>): void {
  const reportOf = (device: string, fleet = 'lobby'): unknown => deviceReportOf({ device, fleet });

  async function devicesOf(members: readonly FleetMember[]): Promise<FleetDevice[]> {
    const source = await open(members);
    const devices: FleetDevice[] = [];
    for await (const device of source.devices()) devices.push(device);
    return devices.map(({ name: device, report, problem }) => ({ name: device, report, problem })).toSorted((a, b) => a.name.localeCompare(b.name));
  }

  describe(name, () => {
    test('gives what each device reported', async () => {
      expect(await devicesOf([{ name: 'b', reported: reportOf('b') }, { name: 'a', reported: reportOf('a') }])).toEqual([
        { name: 'a', report: reportOf('a') },
        { name: 'b', report: reportOf('b') },
      ]);
    });

    test('gives nothing of no devices', async () => {
      expect(await devicesOf([])).toEqual([]);
    });

    test('gives all of more than a page, each once', async () => {
      const members = Array.from({ length: 537 }, (_, index) => ({ name: `camera-${index}`, reported: reportOf(`camera-${index}`) }));
      const devices = await devicesOf(members);
      expect(devices.map(({ name: device }) => device)).toEqual(members.map(({ name: device }) => device).toSorted((a, b) => a.localeCompare(b)));
      expect(devices.every(({ report }) => report !== undefined)).toBe(true);
    });

    test('tells what cannot be read, and goes on', async () => {
      const hostile = JSON.parse('{"format":1,"__proto__":{"isAdmin":true}}') as unknown;
      const devices = await devicesOf([
        { name: 'fine', reported: reportOf('fine') },
        { name: 'huge', reported: { format: 1, models: Array.from({ length: 5_000 }, () => 0) } },
        { name: 'later', reported: { format: 2 } },
        { name: 'other', reported: { temperature: 20 } },
        { name: 'proto', reported: hostile },
      ]);
      expect(devices.map(({ name: device, report, problem }) => [device, report !== undefined, problem?.reason])).toEqual([
        ['fine', true, undefined],
        ['huge', false, 'too-large'],
        ['later', false, 'other-format'],
        ['other', false, 'invalid'],
        ['proto', false, 'invalid'],
      ]);
    });

    test('ends when its reader does', async () => {
      const source = await open(Array.from({ length: 300 }, (_, index) => ({ name: `camera-${index}`, reported: reportOf(`camera-${index}`) })));
      const seen: string[] = [];
      for await (const device of source.devices()) {
        seen.push(device.name);
        if (seen.length === 3) break;
      }
      expect(seen).toHaveLength(3);
    });

    test('can be read again', async () => {
      const source = await open([{ name: 'a', reported: reportOf('a') }]);
      for (let time = 0; time < 2; time += 1) {
        const names: string[] = [];
        for await (const device of source.devices()) names.push(device.name);
        expect(names).toEqual(['a']);
      }
    });
  });
}
