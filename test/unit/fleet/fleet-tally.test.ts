import { describe, expect, test } from 'vitest';
import type { FleetDevice } from '../../../scripts/fleet/device.ts';
import type { FleetFindings } from '../../../scripts/fleet/fleet-report.ts';
import { FleetTally } from '../../../scripts/fleet/fleet-tally.ts';
import { deviceReportOf, fleetDeviceOf, modelReportOf, reportTime } from '../../helpers/device-reports.ts';

const silentFor = { time: reportTime - 10_000 };

function findingsOf(devices: Iterable<FleetDevice>, options: { silentAfter?: number; activeWithin?: number } = {}): FleetFindings {
  const tally = new FleetTally({ silentAfter: undefined, activeWithin: 3_600, ...options });
  for (const device of devices) tally.add(device, reportTime);
  return tally.findings();
}

test('no device makes a report of noughts', () => {
  const { devices, figures, ...rest } = findingsOf([]);
  expect(devices).toEqual({ registered: 0, reported: 0, connected: 0, silent: 0, stopped: 0, neverReported: 0, unreadable: 0, clockAhead: 0, cloudConnected: null });
  expect(figures.predictP50Ms).toMatchObject({ count: 0, min: null, mean: null, p5: null, p50: null, p95: null, p99: null, max: null });
  expect(rest).toMatchObject({ crashes: { total: 0, devices: 0 }, agentVersions: [], models: [], problems: [], top: { longestSilent: [], hottest: [] } });
  expect(JSON.stringify(figures)).not.toContain('NaN');
});

test('devices are counted by how they stand', () => {
  const problem = { reason: 'invalid', detail: 'agent: missing' } as const;
  const found = findingsOf([
    fleetDeviceOf('a'),
    { ...fleetDeviceOf('b', { time: reportTime + 5_000 }), isConnected: true },
    fleetDeviceOf('c', silentFor),
    { ...fleetDeviceOf('d', { state: 'stopping' }), isConnected: false },
    { name: 'e', report: undefined },
    { name: 'f', report: undefined, problem },
    { name: 'g', report: undefined, problem },
  ]);
  expect(found.devices).toEqual({ registered: 7, reported: 4, connected: 2, silent: 1, stopped: 1, neverReported: 1, unreadable: 2, clockAhead: 1, cloudConnected: 1 });
  expect(found.problems).toEqual([{ reason: 'invalid', count: 2, examples: ['f', 'g'].map((device) => ({ device, detail: 'agent: missing' })) }]);
});

test('problems keep few examples', () => {
  const found = findingsOf(Array.from({ length: 50 }, (_, index) => ({ name: `${index}`, report: undefined, problem: { reason: 'not-json', detail: 'x' } as const })));
  expect(found.problems).toMatchObject([{ count: 50, examples: [{ device: '0' }, { device: '1' }, { device: '2' }] }]);
});

describe('a model version', () => {
  test('is counted as GetDeviceFleetReport did', () => {
    const old = reportTime - 4_000;
    const at = { latestInference: reportTime - 3_600, latestSample: reportTime - 3_600 };
    const found = findingsOf([
      fleetDeviceOf('active', { models: [modelReportOf({ ...at, latestSample: null })] }),
      fleetDeviceOf('sampling', { models: [modelReportOf(at)] }),
      fleetDeviceOf('idle', { models: [modelReportOf({ latestInference: old, latestSample: old })] }),
      fleetDeviceOf('fresh', { models: [modelReportOf({ latestInference: null, latestSample: undefined })] }),
      fleetDeviceOf('silent', { ...silentFor, models: [modelReportOf()] }),
      fleetDeviceOf('stopped', { state: 'stopping' }),
      fleetDeviceOf('other', { models: [modelReportOf({ version: '2.0.0' }), modelReportOf({ version: null })] }),
    ]);
    expect(found.models).toEqual([
      { name: 'pump', version: '1.0.0', devices: 6, offline: 2, connected: 4, active: 2, sampling: 1, predictions: 600, errors: 6, restarts: 0 },
      { name: 'pump', version: '2.0.0', devices: 1, offline: 0, connected: 1, active: 1, sampling: 1, predictions: 100, errors: 1, restarts: 0 },
      { name: 'pump', version: null, devices: 1, offline: 0, connected: 1, active: 1, sampling: 1, predictions: 100, errors: 1, restarts: 0 },
    ]);
  });

  test('counts by the clock of the device', () => {
    const ahead = { time: reportTime + 86_400, models: [modelReportOf({ latestInference: reportTime, latestSample: reportTime + 86_400 })] };
    expect(findingsOf([fleetDeviceOf('a', ahead)]).models).toMatchObject([{ active: 0, sampling: 1 }]);
  });

  test('counts once for a device that has it under two aliases', () => {
    const models = [modelReportOf({ alias: 'left', latestInference: null }), modelReportOf({ alias: 'right', latestSample: null })];
    expect(findingsOf([fleetDeviceOf('a', { models })]).models).toMatchObject([{ devices: 1, connected: 1, active: 1, sampling: 1, predictions: 200 }]);
  });

  test('is active within as long as asked for', () => {
    const models = [modelReportOf({ latestInference: reportTime - 30, latestSample: reportTime - 31 })];
    expect(findingsOf([fleetDeviceOf('a', { models })], { activeWithin: 30 }).models).toMatchObject([{ active: 1, sampling: 0 }]);
  });

  test('is put to the others when there are too many', () => {
    function* devices(): Generator<FleetDevice> {
      for (let index = 0; index < 5_000; index += 1) yield fleetDeviceOf(`${index}`, { models: [modelReportOf(), modelReportOf({ version: `0.0.${index}` })], agent: { version: `v${index}`, uptimeSeconds: 0, starts: 0, crashes: 0 } });
    }
    const { models, otherModels, agentVersions, otherAgentVersions } = findingsOf(devices());
    expect(models).toHaveLength(1_000);
    expect(models[0]).toMatchObject({ version: '1.0.0', devices: 5_000 });
    expect(otherModels).toMatchObject({ devices: 4_001, connected: 4_001, predictions: 400_100 });
    expect(agentVersions).toHaveLength(200);
    expect(otherAgentVersions).toEqual({ devices: 4_800, connected: 4_800 });
  });
});

test('figures are those of connected devices', () => {
  const { figures } = findingsOf([fleetDeviceOf('a'), fleetDeviceOf('b', { spool: null, system: {}, models: [] }), fleetDeviceOf('c', silentFor), fleetDeviceOf('d', { state: 'stopping' })]);
  expect(figures.temperatureCelsius).toMatchObject({ count: 1, min: 55, p50: 55, max: 55, histogram: { counts: [0, 0, 0, 0, 1, 0, 0, 0, 0] } });
  expect(figures.oldestCaptureSeconds).toMatchObject({ count: 1, mean: 120 });
  expect(figures.predictP99Ms).toMatchObject({ count: 1, max: 20 });
});

test('lists name those who lead, ten at most', () => {
  const devices = Array.from({ length: 30 }, (_, index) => {
    const { agent, system, spool } = deviceReportOf();
    return fleetDeviceOf(`${index}`, { time: reportTime - (index < 5 ? 1_000 + index : 0), agent: { ...agent, crashes: index === 7 ? 3 : 0 }, system: { ...system, temperatureCelsius: index - 10, diskFreeBytes: index }, spool: spool && { ...spool, bytes: index === 3 ? 9 : 0 } });
  });
  const { top, crashes } = findingsOf(devices);
  expect(top.longestSilent).toEqual([4, 3, 2, 1, 0].map((index) => ({ device: `${index}`, value: 1_000 + index })));
  expect(top.hottest).toEqual(Array.from({ length: 10 }, (_, index) => ({ device: `${29 - index}`, value: 19 - index })));
  expect(top.lowestDisk.map(({ value }) => value)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect(top).toMatchObject({ mostCrashes: [{ device: '7', value: 3 }], fullestSpool: [{ device: '3', value: 9 }] });
  expect(crashes).toEqual({ total: 3, devices: 1 });
});
