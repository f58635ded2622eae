import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { DeviceStatus } from '../../scripts/fleet/describe.ts';
import type { FleetReport } from '../../scripts/fleet/fleet-report.ts';
import { simulatedFate, simulatedName } from '../../scripts/fleet/simulated-device.ts';
import { stopNucleus } from '../../scripts/local-nucleus/background.ts';
import { deviceReportOf, modelReportOf } from '../helpers/device-reports.ts';
import { hostileTexts, tagsOf, unbalanced } from '../helpers/html-checks.ts';
import { localReports, writeLocalReport } from '../helpers/local-reports.ts';
import { fescue, startFescue } from '../helpers/run-command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { eventually } from '../helpers/use-agent.ts';

const seconds = (): number => Math.floor(Date.now() / 1000);
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

async function jsonOf<Value>(...args: string[]): Promise<Value> {
  const { code, stdout, stderr } = await fescue(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines(stdout)).toHaveLength(1);
  return JSON.parse(stdout) as Value;
}

describe('a local nucleus with hundreds of simulated devices', () => {
  const count = 400;
  const fates = Array.from({ length: count }, (_, index) => simulatedFate(index, { seed: 3 }));
  const countOf = (fate: string): number => fates.filter((one) => one === fate).length;
  let root = '';

  beforeEach(async () => {
    if (root !== '') return;
    root = join(await mkdtemp(join(tmpdir(), 'fescue-')), 'root');
    expect((await fescue('nucleus', 'start', '--root', root)).code).toBe(0);
    const { code, stdout, stderr } = await fescue('fleet', 'simulate', '--local', root, '--devices', String(count), '--seed', '3', '--fleet', 'lobby', '--period', '600', '--once');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: `${count - countOf('never-reported')} of ${count} devices have reported to ${root}.\n` });
    // What devices have reported stays without it.
    await stopNucleus(root);
  });

  afterAll(async () => rm(join(root, '..'), { recursive: true, force: true }));

  test('is reported on', async () => {
    const report = await jsonOf<FleetReport>('fleet', 'report', '--local', root);
    expect(report).toMatchObject({ format: 1, fleet: 'lobby', source: { kind: 'local' }, problems: [], notes: [] });
    expect(report.devices).toEqual({ registered: count - countOf('never-reported'), reported: count - countOf('never-reported'), connected: countOf('running'), silent: countOf('silent'), stopped: countOf('stopped'), neverReported: 0, unreadable: 0, clockAhead: 0, cloudConnected: null });
    expect(report.models.reduce((sum, { connected, offline }) => sum + connected + offline, 0)).toBe(report.models.reduce((sum, { devices }) => sum + devices, 0));
    expect(report.figures.cpuPercent.count).toBe(countOf('running'));
    const { code, stdout } = await fescue('fleet', 'report', '--local', root, '--quiet');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^connected +${countOf('running')} `, 'm'));
  });

  test('has a page', async () => {
    const file = join(await temporaryFolder(), 'lobby.html');
    expect((await fescue('fleet', 'report', '--local', root, '--html', file)).code).toBe(0);
    const page = await readFile(file, 'utf8');
    expect(unbalanced(page)).toEqual([]);
    expect(tagsOf(page).filter((tag) => /^<(?:script|link|img)|\s(?:on\w+|style|href|src)=/i.test(tag))).toEqual([]);
    expect(page).toContain(`<b>${countOf('running')}</b>connected`);
  });

  test('is listed, as far as asked for', async () => {
    const { stdout } = await fescue('fleet', 'status', '--local', root, '--json');
    const all = lines(stdout).map((line) => JSON.parse(line) as DeviceStatus);
    expect(all.map(({ device }) => device).toSorted()).toEqual(fates.flatMap((fate, index) => (fate === 'never-reported' ? [] : [simulatedName(index)])));
    expect(lines((await fescue('fleet', 'status', '--local', root, '--silent', '--fleet', 'lobby')).stdout)).toHaveLength(countOf('silent') + 1);
    expect(lines((await fescue('fleet', 'status', '--local', root, '--model', 'defects', '--limit', '5')).stdout).slice(1).every((line) => line.includes('defects'))).toBe(true);
    expect(await fescue('fleet', 'status', '--local', root, '--agent-version', '9.9.9')).toMatchObject({ code: 0, stdout: '', stderr: `None of ${all.length} devices is as asked for.\n` });
  });

  test('counts as silent those that somebody calls so', async () => {
    const report = await jsonOf<FleetReport>('fleet', 'report', '--local', root, '--silent-after', '30d');
    expect(report).toMatchObject({ silentAfterSeconds: 30 * 86_400, devices: { silent: 0, connected: countOf('running') + countOf('silent') } });
  });

  test('describes one', async () => {
    const name = simulatedName(fates.indexOf('running'));
    expect(await jsonOf<DeviceStatus>('fleet', 'status', name, '--local', root)).toMatchObject({ device: name, standing: 'connected', problem: null, report: { fleet: 'lobby', device: name } });
    expect((await fescue('fleet', 'status', name, '--local', root)).stdout).toMatch(/^latest heartbeat .*\nfleet +lobby$/m);
  });

  test('takes no simulated devices while it is stopped', async () => {
    expect(await fescue('fleet', 'simulate', '--local', root, '--once')).toMatchObject({ code: 1, stderr: expect.stringMatching(/No local nucleus runs in .*Start it/) as string });
  });
});

test('hostile reports spoil nothing but themselves', async () => {
  const hostile = Object.fromEntries(hostileTexts.map((text, index) => [`device-${index}`, deviceReportOf({ time: seconds(), fleet: 'lobby', agent: { version: text, uptimeSeconds: 1, starts: 1, crashes: 0 }, models: [modelReportOf({ name: text, alias: text, version: text })] })]));
  const root = await localReports({ ...hostile, huge: { format: 1, models: Array.from({ length: 100_000 }, () => ({})) }, other: { format: 1, agent: '\u001b[2J' }, fine: deviceReportOf({ time: seconds() }) });
  const file = join(await temporaryFolder(), 'page.html');
  const outputs = [await fescue('fleet', 'report', '--local', root, '--html', file), await fescue('fleet', 'report', '--local', root, '--json'), await fescue('fleet', 'status', '--local', root), await fescue('fleet', 'status', '--local', root, '--json'), await fescue('fleet', 'status', 'device-9', '--local', root)];
  for (const { code, stdout, stderr } of outputs) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
  expect(JSON.parse(outputs[1]?.stdout ?? '')).toMatchObject({ devices: { registered: hostileTexts.length + 3, connected: hostileTexts.length + 1, unreadable: 2 } });
  const page = await readFile(file, 'utf8');
  expect(unbalanced(page)).toEqual([]);
  expect(tagsOf(page).filter((tag) => /^<(?:script|img|a|!--)|\son\w+=/i.test(tag))).toEqual([]);
});

describe('bad usage', () => {
  test.each([
    ['no fleet', ['fleet', 'report'], 2, /--fleet is needed, or --local/],
    ['a fleet that can be none', ['fleet', 'report', '--fleet', 'a b'], 2, /Expected up to 128 letters/],
    ['a region of a local nucleus', ['fleet', 'report', '--local', '--region', 'eu-west-1'], 2, /cannot be used with option/],
    ['filters for one device', ['fleet', 'status', 'a', '--silent', '--local'], 2, /leave them or the device out/],
    ['no duration', ['fleet', 'report', '--local', '--silent-after', '5'], 2, /Expected a duration such as 90s/],
    ['too many at once', ['fleet', 'status', '--fleet', 'a', '--parallel', '1000'], 2, /from 1 to 256/],
    ['simulated devices in AWS', ['fleet', 'simulate'], 2, /required option '--local/],
    ['no root', ['fleet', 'report', '--local', '/nowhere'], 1, /There is no local nucleus at \/nowhere/],
    ['a device where --local takes a root', ['fleet', 'status', '--local', 'camera-4'], 2, /For the device camera-4: fescue fleet status camera-4 --local/],
    ['a device that can be none', ['fleet', 'status', 'a/b', '--local'], 1, /"a\/b" can be no device/],
    ['a page in no folder', ['fleet', 'report', '--local', '--html', '/nowhere/page.html'], 1, /The report \/nowhere\/page\.html cannot be written/],
  ])('is %s', async (_, args, code, message) => {
    const result = await fescue(...args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toMatch(/^ +at /m);
  });

  test('is leaving the fleet out where there are several', async () => {
    const root = await localReports({ a: deviceReportOf(), b: deviceReportOf({ fleet: 'garage' }) });
    expect(await fescue('fleet', 'report', '--local', root)).toMatchObject({ code: 1, stderr: expect.stringContaining('garage, lobby. Choose one with --fleet.') as string });
    expect((await jsonOf<FleetReport>('fleet', 'report', '--local', root, '--fleet', 'garage')).devices.registered).toBe(1);
  });
});

describe('watching', () => {
  test('tells each change in a line, and ends with 0 on Ctrl-C', async () => {
    const root = await localReports({ a: deviceReportOf({ device: 'a', time: seconds(), periodSeconds: 3_600 }) });
    const watch = startFescue('fleet', 'watch', '--local', root, '--every', '0.1');
    const shown = async (text: string): Promise<void> => eventually(() => watch.output().stdout.includes(text), text);
    await shown('1 device: 1 connected');
    await writeLocalReport(root, 'b', deviceReportOf({ device: 'b', time: seconds() }));
    await shown('b appears: connected, agent 0.2.0');
    const { agent } = deviceReportOf();
    await writeLocalReport(root, 'a', deviceReportOf({ device: 'a', time: seconds(), agent: { ...agent, crashes: 1, version: '0.3.0' } }));
    await shown('a has crashed for the first time');
    await shown('a has changed from agent 0.2.0 to 0.3.0');
    await writeLocalReport(root, 'a', deviceReportOf({ device: 'a', time: seconds() - 7_200 }));
    await shown('a is silent, since 2 h');
    await writeLocalReport(root, 'a', deviceReportOf({ device: 'a', time: seconds(), state: 'stopping' }));
    await shown('a has stopped in order');
    await writeLocalReport(root, 'a', deviceReportOf({ device: 'a', time: seconds() }));
    await shown('a is back');
    watch.process.kill('SIGINT');
    const { code, stdout, stderr } = await watch.done;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S.*\n)+$/);
  });

  test('sees simulated devices that go on, until Ctrl-C ends those too', async () => {
    const root = join(await temporaryFolder(), 'root');
    onTestFinished(async () => void (await stopNucleus(root)));
    await fescue('nucleus', 'start', '--root', root);
    const simulation = startFescue('fleet', 'simulate', '--local', root, '--devices', '20', '--period', '1');
    await eventually(() => simulation.output().stderr.includes('Those that run go on'), 'the first reports');
    const first = await jsonOf<DeviceStatus>('fleet', 'status', simulatedName(1), '--local', root);
    await eventually(async () => ((await jsonOf<DeviceStatus>('fleet', 'status', simulatedName(1), '--local', root)).report?.time ?? 0) > (first.report?.time ?? Infinity), 'the next reports');
    simulation.process.kill('SIGINT');
    await once(simulation.process, 'exit');
    expect((await simulation.done).code).toBe(0);
  });
});
