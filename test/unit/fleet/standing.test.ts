import { expect, test } from 'vitest';
import { standingOf } from '../../../scripts/fleet/standing.ts';
import { fleetDeviceOf, reportTime } from '../../helpers/device-reports.ts';

const soon = { silentAfter: undefined };

test.each([
  ['that has just reported', {}, 0, 'connected', 0],
  ['within two of its periods', {}, 149, 'connected', 149],
  ['after two of its periods', {}, 150, 'silent', 150],
  ['with a long period', { periodSeconds: 3_600 }, 7_000, 'connected', 7_000],
  ['with a period that never ends', { periodSeconds: 1e300 }, 3 * 86_400, 'silent', 3 * 86_400],
  ['that stops', { state: 'stopping' as const }, 10, 'stopped', 10],
  ['that stopped long ago', { state: 'stopping' as const }, 1e7, 'stopped', 1e7],
])('a device %s', (_, changes, later, standing, age) => {
  expect(standingOf(fleetDeviceOf('a', changes), { ...soon, now: reportTime + later })).toEqual({ standing, age, clockAhead: undefined });
});

test('a device is silent when somebody says after how long it is', () => {
  const device = fleetDeviceOf('a', { periodSeconds: 3_600 });
  expect(standingOf(device, { now: reportTime + 99, silentAfter: 100 }).standing).toBe('connected');
  expect(standingOf(device, { now: reportTime + 100, silentAfter: 100 }).standing).toBe('silent');
});

test('a report from the future counts from when it came, else as one of now, and is told when clocks differ that much', () => {
  expect(standingOf(fleetDeviceOf('a'), { ...soon, now: reportTime - 60 })).toEqual({ standing: 'connected', age: 0, clockAhead: undefined });
  expect(standingOf(fleetDeviceOf('a'), { ...soon, now: reportTime - 86_400 })).toEqual({ standing: 'connected', age: 0, clockAhead: 86_400 });
  const device = { ...fleetDeviceOf('a'), receivedAt: reportTime - 90_000 };
  expect(standingOf(device, { ...soon, now: reportTime - 86_400 })).toEqual({ standing: 'silent', age: 3_600, clockAhead: 86_400 });
  expect(standingOf(device, { ...soon, now: reportTime - 89_990 })).toEqual({ standing: 'connected', age: 10, clockAhead: 89_990 });
  expect(standingOf(device, { ...soon, now: reportTime + 10 })).toEqual({ standing: 'connected', age: 10, clockAhead: undefined });
});

test('a device without a report stands for itself', () => {
  const nothing = { age: undefined, clockAhead: undefined };
  expect(standingOf({ name: 'a', report: undefined }, { ...soon, now: 0 })).toEqual({ standing: 'never-reported', ...nothing });
  expect(standingOf({ name: 'a', report: undefined, problem: { reason: 'invalid', detail: '' } }, { ...soon, now: 0 })).toEqual({ standing: 'unreadable', ...nothing });
});
