import { expect, test } from 'vitest';
import { ChangeTracker } from '../../../scripts/fleet/changes.ts';
import type { FleetDevice } from '../../../scripts/fleet/device.ts';
import { standingOf } from '../../../scripts/fleet/standing.ts';
import { deviceReportOf, fleetDeviceOf, reportTime } from '../../helpers/device-reports.ts';

/** The lines of each round over these devices. */
function linesOf(rounds: readonly (readonly FleetDevice[])[], { most = 100 }: { most?: number } = {}): { lines: string[][]; notFollowed: number } {
  const tracker = new ChangeTracker(most);
  const lines = rounds.map((devices) => {
    tracker.startRound();
    const changes = devices.flatMap((device) => tracker.see(device, standingOf(device, { now: reportTime, silentAfter: undefined })));
    return [...changes, ...tracker.endRound()].map(({ device, text }) => `${device} ${text}`);
  });
  return { lines, notFollowed: tracker.notFollowed };
}

const { agent } = deviceReportOf();
const here = fleetDeviceOf('a');
const silent = fleetDeviceOf('a', { time: reportTime - 7_200 });
const unknown: FleetDevice = { name: 'a', report: undefined };

test.each([
  ['nothing', here, here, []],
  ['a newer report', fleetDeviceOf('a', { time: reportTime - 60 }), here, []],
  ['silence', here, silent, ['a is silent, since 2 h']],
  ['coming back', silent, here, ['a is back']],
  ['an orderly stop', here, fleetDeviceOf('a', { state: 'stopping' }), ['a has stopped in order']],
  ['a start after that', fleetDeviceOf('a', { state: 'stopping' }), here, ['a is back']],
  ['a first report', unknown, here, ['a reports for the first time']],
  ['a lost report', here, unknown, ['a has no report any more']],
  ['a report that cannot be read', here, { ...unknown, problem: { reason: 'invalid', detail: 'agent: missing' } }, ['a reports what cannot be read: agent: missing']],
  ['a crash', here, fleetDeviceOf('a', { agent: { ...agent, crashes: 2 } }), ['a has crashed, 2 times in all']],
  ['an agent that was installed anew', fleetDeviceOf('a', { agent: { ...agent, crashes: 2 } }), here, []],
  ['an update', here, fleetDeviceOf('a', { agent: { ...agent, version: '0.3.0' } }), ['a has changed from agent 0.2.0 to 0.3.0']],
  ['an update by a crash', silent, fleetDeviceOf('a', { agent: { ...agent, crashes: 1, version: '0.3.0' } }), ['a is back', 'a has crashed for the first time', 'a has changed from agent 0.2.0 to 0.3.0']],
] as const)('%s is told in the round after', (_, before, after, lines) => {
  expect(linesOf([[before], [after], [after]]).lines).toEqual([[], lines, []]);
});

test('a crash and an update are told though the device could not be read in between', () => {
  const updated = fleetDeviceOf('a', { agent: { ...agent, crashes: 1, version: '0.3.0' } });
  expect(linesOf([[here], [unknown], [updated]]).lines[2]).toEqual(['a reports for the first time', 'a has crashed for the first time', 'a has changed from agent 0.2.0 to 0.3.0']);
});

test('devices appear and go, but for those of the first round', () => {
  expect(linesOf([[here], [here, fleetDeviceOf('b'), { name: 'c', report: undefined }], [fleetDeviceOf('b')], [here]]).lines).toEqual([
    [],
    ['b appears: connected, agent 0.2.0', 'c appears: has not reported yet'],
    ['a is gone from the fleet', 'c is gone from the fleet'],
    ['a appears: connected, agent 0.2.0', 'b is gone from the fleet'],
  ]);
});

test('no more devices are followed than asked for', () => {
  const devices = Array.from({ length: 50 }, (_, index) => fleetDeviceOf(`${index}`));
  const gone = devices.map(({ name }) => fleetDeviceOf(name, { time: 0 }));
  const { lines, notFollowed } = linesOf([devices, gone], { most: 10 });
  expect(lines[1]).toHaveLength(10);
  expect(notFollowed).toBe(40);
});
