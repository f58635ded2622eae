import type { DeviceReport, ModelReport } from '../../components/common/device-report.ts';
import type { DeviceStatus } from '../fleet/describe.ts';
import { countText, durationText, figureText, momentText } from '../fleet/figures-text.ts';
import { printable } from './printable.ts';
import { readableBytes } from './readable-bytes.ts';
import { formatPairs, formatTable } from './table.ts';

/** One device for people, as DescribeDevice showed it. */
export function deviceText(status: DeviceStatus): string {
  const { device, report, problem, cloudConnected } = status;
  const pairs: (readonly [string, string])[] = [
    ['device', printable(device)],
    ['state', stateText(status)],
    ...(cloudConnected === null ? [] : [['MQTT', cloudConnected ? 'connected' : 'not connected'] as const]),
    ...(problem === null ? [] : [['problem', printable(problem.detail)] as const]),
    ...(report === null ? [] : reportPairs(report)),
  ];
  return report === null || report.models.length === 0 ? formatPairs(pairs) : `${formatPairs(pairs)}\n${modelsText(report)}`;
}

function stateText({ standing, ageSeconds, clockAheadSeconds }: DeviceStatus): string {
  if (clockAheadSeconds !== null) return `${standing}; its clock is ${durationText(clockAheadSeconds)} ahead`;
  return ageSeconds === null ? standing.replace('-', ' ') : `${standing}, reported ${durationText(ageSeconds)} ago`;
}

function reportPairs({ fleet, time, periodSeconds, agent, spool, system }: DeviceReport): (readonly [string, string])[] {
  const { architecture, cpuPercent, residentBytes, memoryAvailableBytes, diskFreeBytes, temperatureCelsius } = system;
  return [
    ['latest heartbeat', `${momentText(time)}, one every ${durationText(periodSeconds)}`],
    ['fleet', printable(fleet)],
    ['agent', `${printable(agent.version)}, up for ${durationText(agent.uptimeSeconds)}`],
    ['starts', `${countText(agent.starts)}, ${countText(agent.crashes)} after a crash`],
    ['architecture', printable(architecture ?? '–')],
    ['CPU', figureText(cpuPercent, 'percent')],
    ['memory', `${figureText(residentBytes, 'bytes')} in use, ${figureText(memoryAvailableBytes, 'bytes')} available`],
    ['disk free', figureText(diskFreeBytes, 'bytes')],
    ['temperature', figureText(temperatureCelsius, 'celsius')],
    ['captures', spoolText(spool, time)],
  ];
}

function spoolText(spool: DeviceReport['spool'], time: number): string {
  if (spool === null || spool === undefined) return 'none are taken';
  const { captures, bytes, oldest, isFailing } = spool;
  const age = oldest === null || oldest === undefined ? '' : `, the oldest since ${durationText(Math.max(0, time - oldest))}`;
  return `${countText(captures)} wait (${readableBytes(bytes)}${age})${isFailing ? '; their delivery fails' : ''}`;
}

const right = (...titles: string[]): { title: string; right: true }[] => titles.map((title) => ({ title, right: true }));

function modelsText({ models, modelsLeftOut }: DeviceReport): string {
  const columns = [{ title: 'alias' }, { title: 'model' }, { title: 'version' }, { title: 'digest' }, ...right('predictions', 'errors', 'restarts', 'p50', 'p99'), { title: 'latest inference' }, { title: 'latest sample' }];
  const more = modelsLeftOut ?? 0;
  return `${formatTable(columns, models.map(modelRow))}${more > 0 ? `… and ${countText(more)} more that found no room in its report\n` : ''}`;
}

function modelRow({ alias, name, version, digest, predictions, errors, restarts, p50Ms, p99Ms, latestInference, latestSample }: ModelReport): string[] {
  const texts = [alias, name, version ?? '–', (digest ?? '–').slice(0, 12)].map(printable);
  return [...texts, countText(predictions), countText(errors), countText(restarts), figureText(p50Ms, 'ms'), figureText(p99Ms, 'ms'), momentText(latestInference), momentText(latestSample)];
}

/** Of a table that is printed while it is read: what is wider than its column moves the rest of its row. */
const widths = { device: 24, state: 14, reported: 10, agent: 10, crashes: 7, waiting: 8 };

export const statusTitles = rowText({ device: 'device', state: 'state', reported: 'reported', agent: 'agent', crashes: 'crashes', waiting: 'captures', models: 'models' });

/** A device in one line. */
export function statusRow({ device, standing, ageSeconds, clockAheadSeconds, problem, report }: DeviceStatus): string {
  const reported = clockAheadSeconds !== null ? 'in future' : ageSeconds === null ? '–' : durationText(ageSeconds);
  const models = report?.models.map(({ name, version }) => `${name}${typeof version === 'string' ? ` ${version}` : ''}`).join(', ') ?? '';
  return rowText({
    device: printable(device),
    state: standing,
    reported,
    agent: printable(report?.agent.version ?? '–'),
    crashes: report === null ? '–' : countText(report.agent.crashes),
    waiting: report === null ? '–' : countText(report.spool?.captures ?? 0),
    models: printable(problem?.detail ?? models),
  });
}

function rowText({ device, state, reported, agent, crashes, waiting, models }: Readonly<Record<keyof typeof widths | 'models', string>>): string {
  const cells = [device.padEnd(widths.device), state.padEnd(widths.state), reported.padStart(widths.reported), agent.padEnd(widths.agent), crashes.padStart(widths.crashes), waiting.padStart(widths.waiting), models];
  return `${cells.join('  ').trimEnd()}\n`;
}
