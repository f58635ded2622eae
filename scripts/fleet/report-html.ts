import { histogram, legend, stackedBar, type Part } from '../html/charts.ts';
import { html, type Html } from '../html/html.ts';
import { htmlPage } from '../html/page.ts';
import { section, tile } from '../html/parts.ts';
import { problemReasons } from './device.ts';
import { countText, devicesText, durationText, figureText, shareText } from './figures-text.ts';
import type { FleetReport, ModelCounts } from './fleet-report.ts';
import { measureNames, measures } from './measures.ts';
import { fleetStyle } from './report-style.ts';
import { silentRule } from './standing.ts';
import { topTitles } from './top-titles.ts';

/** What somebody looks at; JSON has the rest. */
const mostRows = 100;

/** A report as one HTML file that needs nothing else. */
export function fleetHtml(report: FleetReport): string {
  const body = html`${head(report)}
${tiles(report)}
${standings(report)}
${report.notes.map((note) => html`<p class="warn">${note}</p>`)}
${models(report)}
${versions(report)}
${figures(report)}
${lists(report)}
${problems(report)}`;
  return htmlPage({ title: `Fleet ${report.fleet ?? ''}`.trim(), style: fleetStyle, body });
}

function head({ fleet, source, time, fescue }: FleetReport): Html {
  return html`<h1>${fleet === null ? 'Fleet' : `Fleet ${fleet}`}</h1>
<p class="quiet">${source.name}, at <time datetime="${time}">${time.replace(/\.\d+Z$/, 'Z')}</time>. Fescue ${fescue}.</p>`;
}

function tiles({ devices, models: all, crashes, silentAfterSeconds }: FleetReport): Html {
  const rule = silentAfterSeconds === null ? silentRule : durationText(silentAfterSeconds);
  return html`<div class="tiles">
${tile(countText(devices.registered), 'registered', `${countText(devices.reported)} reported`)}
${tile(countText(devices.connected), 'connected', shareText(devices.connected, devices.registered))}
${tile(countText(devices.silent), 'silent', `for more than ${rule}`)}
${tile(countText(devices.stopped), 'stopped in order', shareText(devices.stopped, devices.registered))}
${tile(countText(all.length), 'model versions', `${countText(all.filter(({ active }) => active > 0).length)} of them active`)}
${tile(countText(crashes.total), 'crashes', `on ${devicesText(crashes.devices)}`)}
</div>`;
}

function standings({ devices }: FleetReport): Html {
  const { connected, silent, stopped, neverReported, unreadable, clockAhead, cloudConnected } = devices;
  const parts: Part[] = [
    { title: 'connected', value: connected, kind: 'connected' },
    { title: 'silent', value: silent, kind: 'silent' },
    { title: 'stopped', value: stopped, kind: 'stopped' },
    { title: 'never reported or unreadable', value: neverReported + unreadable, kind: 'missing' },
  ];
  return html`<div class="whole">${stackedBar(parts, 16)}</div>
${legend(parts)}
${cloudConnected === null ? '' : html`<p class="quiet">Connected to IoT Core by MQTT: ${countText(cloudConnected)}.</p>`}
${clockAhead === 0 ? '' : html`<p class="warn">With a clock that is ahead: ${countText(clockAhead)}. Their reports count from when they arrived.</p>`}`;
}

const modelParts = [
  { title: 'active', kind: 'active' },
  { title: 'connected, not active', kind: 'connected' },
  { title: 'offline', kind: 'offline' },
] as const;

function models({ models: all, otherModels, activeWithinSeconds }: FleetReport): Html {
  if (all.length === 0) return html``;
  const rows = all.slice(0, mostRows).map(({ name, version, ...counts }) => [name, version ?? '–', ...modelCells(counts)]);
  if (otherModels.devices > 0) rows.push(['others', '', ...modelCells(otherModels)]);
  const more = all.length > mostRows ? ` The ${mostRows} on most devices of ${countText(all.length)}.` : '';
  return html`${section('Models', ['model', 'version', '#devices', '', '#offline', '#connected', '#active', '#sampling', '#predictions', '#errors'], rows)}
${legend(modelParts)}
<p class="quiet">Active: a prediction within ${durationText(activeWithinSeconds)} before the report; sampling: a capture.${more}</p>`;
}

function modelCells({ devices, offline, connected, active, sampling, predictions, errors }: ModelCounts): (string | Html)[] {
  const values = { active, connected: connected - active, offline };
  const bar = stackedBar(modelParts.map(({ title, kind }) => ({ title, kind, value: values[kind] })));
  return [countText(devices), bar, ...[offline, connected, active, sampling, predictions, errors].map(countText)];
}

function versions({ agentVersions, otherAgentVersions }: FleetReport): Html {
  const most = agentVersions[0]?.devices ?? 0;
  const row = (name: string, { devices, connected }: { devices: number; connected: number }): (string | Html)[] => {
    const parts = [{ title: 'connected', value: connected, kind: 'connected' }, { title: 'not connected', value: devices - connected, kind: 'offline' }, { title: 'fewer than the most', value: Math.max(0, most - devices), kind: 'none' }];
    return [name, countText(devices), countText(connected), stackedBar(parts)];
  };
  const rows = agentVersions.slice(0, mostRows).map(({ version, ...counts }) => row(version, counts));
  if (otherAgentVersions.devices > 0) rows.push(row('others', otherAgentVersions));
  return section('Agent versions', ['version', '#devices', '#connected', ''], rows);
}

function figures({ figures: all }: FleetReport): Html {
  const cards = measureNames.flatMap((name) => {
    const { count, p50, p95, max, histogram: found } = all[name];
    const { title, unit } = measures[name];
    if (count === 0) return [];
    return [html`<div class="card"><h3>${title}</h3>
<p class="quiet">median ${figureText(p50, unit)}, p95 ${figureText(p95, unit)}, most ${figureText(max, unit)}</p>
${histogram({ title, edges: found.edges.map((edge) => figureText(edge, unit)), counts: found.counts })}</div>
`];
  });
  return cards.length === 0 ? html`` : html`<h2>Connected devices</h2>
<div class="plots">${cards}</div>`;
}

function lists({ top }: FleetReport): Html {
  return html`<div class="lists">${topTitles.map(({ name, title, unit }) => {
    const rows = top[name].map(({ device, value }) => [html`<span class="id">${device}</span>`, figureText(value, unit)]);
    return rows.length === 0 ? html`` : html`<div>${section(`${title.charAt(0).toUpperCase()}${title.slice(1)}`, ['device', '#'], rows)}</div>
`;
  })}</div>`;
}

function problems({ problems: all }: FleetReport): Html {
  const rows = all.map(({ reason, count, examples }) => [problemReasons[reason], countText(count), html`${examples.map(({ device, detail }) => html`<p><span class="id">${device}</span> <span class="quiet">${detail}</span></p>`)}`]);
  return section('Unreadable reports', ['because', '#devices', 'such as'], rows);
}
