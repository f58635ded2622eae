import { expect, test } from 'vitest';
import { fitsFilter, statusOf } from '../../../scripts/fleet/describe.ts';
import { deviceReportOf, fleetDeviceOf, modelReportOf, reportTime } from '../../helpers/device-reports.ts';

const now = { now: reportTime + 10.4, silentAfter: undefined };

test('a device is described with what it reported', () => {
  const report = deviceReportOf({ device: 'a' });
  expect(statusOf({ name: 'a', report, isConnected: true }, now)).toEqual({ device: 'a', standing: 'connected', ageSeconds: 10, clockAheadSeconds: null, cloudConnected: true, problem: null, report });
  expect(statusOf({ name: 'b', report: undefined }, now)).toEqual({ device: 'b', standing: 'never-reported', ageSeconds: null, clockAheadSeconds: null, cloudConnected: null, problem: null, report: null });
  expect(statusOf(fleetDeviceOf('c', { time: reportTime + 3_600 }), now)).toMatchObject({ standing: 'connected', ageSeconds: 0, clockAheadSeconds: 3_590 });
});

test.each([
  ['all', {}, ['fine', 'silent', 'new', 'never']],
  ['silent ones', { silent: true }, ['silent']],
  ['those with a model by name', { model: 'door' }, ['new']],
  ['those with a model by alias', { model: 'left' }, ['new']],
  ['those with an agent version', { agentVersion: '0.3.0' }, ['new']],
  ['those that are both', { silent: true, agentVersion: '0.3.0' }, []],
])('filters choose %s', (_, filter, names) => {
  const devices = [fleetDeviceOf('fine'), fleetDeviceOf('silent', { time: 0 }), fleetDeviceOf('new', { agent: { version: '0.3.0', uptimeSeconds: 0, starts: 1, crashes: 0 }, models: [modelReportOf({ name: 'door', alias: 'left' })] }), { name: 'never', report: undefined }];
  expect(devices.map((device) => statusOf(device, now)).filter((status) => fitsFilter(status, filter)).map(({ device }) => device)).toEqual(names);
});
