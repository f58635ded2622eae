import { expect, test } from 'vitest';
import { deviceReportSchema, mostReportBytes } from '../../../components/common/device-report.ts';
import { simulatedFate, simulatedName, simulatedReport, type Fate } from '../../../scripts/fleet/simulated-device.ts';
import { reportOn, reportOnce, type SimulateRequest } from '../../../scripts/fleet/simulate.ts';
import { reportTime } from '../../helpers/device-reports.ts';

const simulation = { seed: 7, fleet: 'made-up', now: reportTime, periodSeconds: 30 };
const indices = Array.from({ length: 2_000 }, (_, index) => index);

test('simulated devices report as devices do, and fit into a shadow', () => {
  for (const index of indices) {
    const report = simulatedReport(index, simulation);
    if (report === undefined) continue;
    expect(deviceReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(JSON.stringify(report).length).toBeLessThan(mostReportBytes);
    expect(report).toMatchObject({ fleet: 'made-up', device: simulatedName(index) });
    expect(report.time).toBeLessThanOrEqual(reportTime);
  }
});

test('the same seed makes the same devices, another one others', () => {
  const all = (seed: number): unknown[] => indices.slice(0, 50).map((index) => simulatedReport(index, { ...simulation, seed }));
  expect(all(7)).toEqual(all(7));
  expect(all(8)).not.toEqual(all(7));
});

test('most of them run, and some do not', () => {
  const shares = Object.fromEntries((['running', 'silent', 'stopped', 'never-reported'] satisfies Fate[]).map((fate) => [fate, indices.filter((index) => simulatedFate(index, simulation) === fate).length / indices.length]));
  for (const [fate, share] of Object.entries({ running: 0.93, silent: 0.04, stopped: 0.02, 'never-reported': 0.01 })) expect(shares[fate]).toBeCloseTo(share, 1);
});

test('all but those that never do report once, then those that run', async () => {
  const ending = new AbortController();
  const updates: string[] = [];
  const update: SimulateRequest['update'] = async (thing, shadow, document) => {
    updates.push(thing);
    expect([shadow, (JSON.parse(document) as { state: { reported: { device: string } } }).state.reported.device]).toEqual(['fescue', thing]);
    if (updates.length === expected.once.length + expected.on.length) ending.abort();
  };
  const request = { seed: 7, fleet: 'made-up', periodSeconds: 3_600, devices: 300, update, clock: () => reportTime * 1000, signal: ending.signal };
  const chosen = (isChosen: (fate: Fate) => boolean): string[] => indices.slice(0, 300).filter((index) => isChosen(simulatedFate(index, request))).map(simulatedName);
  const expected = { once: chosen((fate) => fate !== 'never-reported'), on: chosen((fate) => fate === 'running') };
  expect(await reportOnce(request)).toBe(expected.once.length);
  await reportOn(request);
  expect(updates.slice(0, expected.once.length).toSorted()).toEqual(expected.once);
  expect(updates.slice(expected.once.length).toSorted()).toEqual(expected.on);
});

test('a nucleus that refuses ends it', async () => {
  const request = { ...simulation, devices: 100, update: async () => Promise.reject(new RangeError('full')), clock: Date.now, signal: new AbortController().signal };
  await expect(reportOnce(request)).rejects.toThrow('full');
});
