import { describe, expect, test } from 'vitest';
import { deviceText, statusRow, statusTitles } from '../../../scripts/commands/fleet-status-text.ts';
import { fleetText } from '../../../scripts/commands/fleet-text.ts';
import { jsonLine } from '../../../scripts/commands/json-line.ts';
import { statusOf, type DeviceStatus } from '../../../scripts/fleet/describe.ts';
import { deviceReportOf, fleetDeviceOf, modelReportOf, reportTime } from '../../helpers/device-reports.ts';
import { emptyFleetReport, fleetReportOf } from '../../helpers/fleet-reports.ts';
import { hostileTexts } from '../../helpers/html-checks.ts';

const now = { now: reportTime + 12, silentAfter: undefined };

function hostileStatus(text: string): DeviceStatus {
  const { agent, system } = deviceReportOf();
  return statusOf({ name: text, report: deviceReportOf({ fleet: text, agent: { ...agent, version: text }, system: { ...system, architecture: text }, models: [modelReportOf({ name: text, alias: text, version: text, digest: text })] }), problem: undefined }, now);
}

describe('texts of devices', () => {
  const unprintable = /[\p{Cc}\p{Cf}]/u;
  test.each(hostileTexts)('are shown without control characters: %j', (text) => {
    const problem = statusOf({ name: text, report: undefined, problem: { reason: 'invalid', detail: text } }, now);
    for (const shown of [fleetText(fleetReportOf(text)), deviceText(hostileStatus(text)), statusRow(hostileStatus(text)), deviceText(problem), statusRow(problem)]) expect(shown.replaceAll('\n', '')).not.toMatch(unprintable);
  });

  test.each(hostileTexts)('are the same in JSON, without control characters: %j', (text) => {
    const line = jsonLine(hostileStatus(text));
    expect(line.slice(0, -1)).not.toMatch(unprintable);
    expect(JSON.parse(line)).toEqual(hostileStatus(text));
  });

  test('are the same in JSON where a character takes two units', () => {
    expect(jsonLine('a\u{e0001}b\u{1f600}')).toBe('"a\\udb40\\udc01b\u{1f600}"\n');
  });

  test('keep a device to its line', () => {
    expect(statusRow(hostileStatus('a\nb')).split('\n')).toHaveLength(2);
  });
});

describe('the report of a fleet', () => {
  test('tells what was found', () => {
    const text = fleetText(fleetReportOf('lobby'));
    for (const line of [
      /^fleet +lobby, lobby$/m,
      /^devices +6 registered, 4 reported$/m,
      /^connected +2 \(33\.3 %\)$/m,
      /^silent +1 \(16\.7 %\), for more than 2 periods and 30 s$/m,
      /^stopped in order +1 \(16\.7 %\)$/m,
      /^never reported +1 /m,
      /^unreadable +1 /m,
      /^clock ahead +1, counted/m,
      /^connected by MQTT +1 /m,
      /^crashes +4 on 1 device$/m,
      /^lobby +1 +1$/m,
      /^pump +1\.0\.0 +3 +2 +1 /m,
      /^lobby +– +1 +0 +1 /m,
      /^Temperature +55 °C/m,
      /^lobby +1 d$/m,
      /^not as a report is +1 +lobby: lobby$/m,
      /^- lobby$/m,
    ]) expect(text).toMatch(line);
  });

  test('is short of no devices', () => {
    expect(fleetText(emptyFleetReport())).toBe('fleet             the local nucleus in /tmp\ndevices           0 registered, 0 reported\nconnected         0 (–)\nsilent            0 (–), for more than 2 min\nstopped in order  0 (–)\nnever reported    0 (–)\ncrashes           none\n');
  });

  test('leaves what is too much for a terminal', () => {
    const report = fleetReportOf('lobby');
    const [model] = report.models;
    if (model === undefined) throw new Error('there is no model');
    const text = fleetText({ ...report, models: Array.from({ length: 50 }, () => model), agentVersions: Array.from({ length: 50 }, () => ({ version: '1', devices: 2, connected: 1 })), otherAgentVersions: { devices: 5, connected: 4 } });
    expect(text).toContain('… and 30 more');
    expect(text).toMatch(/^others +65 +34$/m);
  });
});

describe('a device', () => {
  test('is shown as DescribeDevice did', () => {
    const text = deviceText(statusOf({ ...fleetDeviceOf('camera-1', { modelsLeftOut: 2 }), isConnected: false }, now));
    for (const line of [
      /^state +connected, reported 12 s ago$/m,
      /^MQTT +not connected$/m,
      /^latest heartbeat +2027-01-15T08:00:00Z, one every 1 min$/m,
      /^fleet +lobby$/m,
      /^agent +0\.2\.0, up for 1 h$/m,
      /^starts +2, 0 after a crash$/m,
      /^captures +3 wait \(2\.9 KiB, the oldest since 2 min\)$/m,
      /^pump +pump +1\.0\.0 +abcd +100 +1 +0 +10 ms +20 ms +2027-01-15T07:59:55Z +2027-01-15T07:59:10Z$/m,
      /^… and 2 more that found no room/m,
    ]) expect(text).toMatch(line);
  });

  test('is shown without what it does not tell', () => {
    const text = deviceText(statusOf(fleetDeviceOf('a', { spool: null, system: {}, models: [] }), now));
    expect(text).toMatch(/^captures +none are taken$/m);
    expect(text).toMatch(/^temperature +–$/m);
    expect(deviceText(statusOf({ name: 'a', report: undefined }, now))).toBe('device  a\nstate   never reported\n');
    expect(deviceText(statusOf(fleetDeviceOf('a', { time: reportTime + 7_212 }), now))).toMatch(/^state +connected; its clock is 2 h ahead$/m);
  });

  test('has a row of the table', () => {
    expect(`${statusTitles}${statusRow(statusOf(fleetDeviceOf('camera-1'), now))}${statusRow(statusOf({ name: 'b', report: undefined }, now))}`).toBe(
      'device                    state             reported  agent       crashes  captures  models\ncamera-1                  connected             12 s  0.2.0             0         3  pump 1.0.0\nb                         never-reported           –  –                 –         –\n',
    );
  });
});
