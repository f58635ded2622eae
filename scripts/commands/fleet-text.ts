import { countText, devicesText, durationText, figureText, shareText } from '../fleet/figures-text.ts';
import type { Figures, FleetReport, TopEntry } from '../fleet/fleet-report.ts';
import { problemReasons } from '../fleet/device.ts';
import { measureNames, measures, type Unit } from '../fleet/measures.ts';
import { silentRule } from '../fleet/standing.ts';
import { topTitles } from '../fleet/top-titles.ts';
import { printable } from './printable.ts';
import { formatPairs, formatTable } from './table.ts';

/** What a terminal bears; JSON has the rest. */
const mostRows = 20;
/** Of the lists on a terminal. */
const mostTop = 5;

/** The report for people. */
export function fleetText(report: FleetReport): string {
  const parts = [summaryText(report), versionsText(report), modelsText(report), figuresText(report), ...topTexts(report), problemsText(report), report.notes.map((note) => `- ${printable(note)}\n`).join('')];
  return parts.filter((part) => part !== '').join('\n');
}

function summaryText({ fleet, source, devices, crashes, silentAfterSeconds }: FleetReport): string {
  const { registered, reported, connected, silent, stopped, neverReported, unreadable, clockAhead, cloudConnected } = devices;
  const share = (count: number): string => `${countText(count)} (${shareText(count, registered)})`;
  const pairs: (readonly [string, string])[] = [
    ['fleet', `${fleet === null ? '' : `${printable(fleet)}, `}${printable(source.name)}`],
    ['devices', `${countText(registered)} registered, ${countText(reported)} reported`],
    ['connected', share(connected)],
    ['silent', `${share(silent)}, for more than ${silentAfterSeconds === null ? silentRule : durationText(silentAfterSeconds)}`],
    ['stopped in order', share(stopped)],
    ['never reported', share(neverReported)],
    ...(unreadable === 0 ? [] : [['unreadable', share(unreadable)] as const]),
    ...(clockAhead === 0 ? [] : [['clock ahead', `${countText(clockAhead)}, counted from when their reports arrived`] as const]),
    ...(cloudConnected === null ? [] : [['connected by MQTT', share(cloudConnected)] as const]),
    ['crashes', crashes.total === 0 ? 'none' : `${countText(crashes.total)} on ${devicesText(crashes.devices)}`],
  ];
  return formatPairs(pairs);
}

function versionsText({ agentVersions, otherAgentVersions }: FleetReport): string {
  if (agentVersions.length === 0) return '';
  const shown = agentVersions.slice(0, mostRows);
  const rest = agentVersions.slice(mostRows).reduce((sum, { devices, connected }) => ({ devices: sum.devices + devices, connected: sum.connected + connected }), otherAgentVersions);
  const rows = shown.map(({ version, devices, connected }) => [printable(version), countText(devices), countText(connected)]);
  if (rest.devices > 0) rows.push(['others', countText(rest.devices), countText(rest.connected)]);
  return formatTable([{ title: 'agent version' }, ...numbers('devices', 'connected')], rows);
}

function modelsText({ models, otherModels }: FleetReport): string {
  if (models.length === 0) return '';
  const rows = models.slice(0, mostRows).map(({ name, version, ...counts }) => [printable(name), printable(version ?? '–'), ...countCells(counts)]);
  if (otherModels.devices > 0) rows.push(['others', '', ...countCells(otherModels)]);
  const more = models.length - mostRows;
  return `${formatTable([{ title: 'model' }, { title: 'version' }, ...numbers('devices', 'offline', 'connected', 'active', 'sampling', 'predictions', 'errors')], rows)}${more > 0 ? `… and ${countText(more)} more\n` : ''}`;
}

function countCells(counts: Pick<FleetReport['otherModels'], 'devices' | 'offline' | 'connected' | 'active' | 'sampling' | 'predictions' | 'errors'>): string[] {
  return (['devices', 'offline', 'connected', 'active', 'sampling', 'predictions', 'errors'] as const).map((name) => countText(counts[name]));
}

function figuresText({ figures }: FleetReport): string {
  const told = measureNames.filter((name) => figures[name].count > 0);
  if (told.length === 0) return '';
  const rows = told.map((name) => [measures[name].title, ...figureCells(figures[name], measures[name].unit)]);
  return formatTable([{ title: 'connected devices' }, ...numbers('p5', 'p50', 'p95', 'p99', 'most', 'values')], rows);
}

function figureCells({ p5, p50, p95, p99, max, count }: Figures, unit: Unit): string[] {
  return [...[p5, p50, p95, p99, max].map((value) => figureText(value, unit)), countText(count)];
}

function topTexts({ top }: FleetReport): string[] {
  return topTitles.flatMap(({ name, title, unit }) => {
    const entries: readonly TopEntry[] = top[name].slice(0, mostTop);
    return entries.length === 0 ? [] : [formatTable([{ title }, { title: '', right: true }], entries.map(({ device, value }) => [printable(device), figureText(value, unit)]))];
  });
}

function problemsText({ problems }: FleetReport): string {
  if (problems.length === 0) return '';
  const rows = problems.flatMap(({ reason, count, examples }) =>
    examples.map(({ device, detail }, index) => [...(index === 0 ? [problemReasons[reason], countText(count)] : ['', '']), `${printable(device)}: ${printable(detail)}`]),
  );
  return formatTable([{ title: 'unreadable because' }, { title: 'devices', right: true }, { title: 'such as' }], rows);
}

function numbers(...titles: string[]): { title: string; right: true }[] {
  return titles.map((title) => ({ title, right: true }));
}
