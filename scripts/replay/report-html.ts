import { html, type Html } from '../html/html.ts';
import { htmlPage } from '../html/page.ts';
import { section, tile } from '../html/parts.ts';
import { changeCard } from './change-card.ts';
import { named, percent, placeOf, short, signed } from './figures-text.ts';
import type { OutputReport, Report, TopOneReport } from './report.ts';
import { reportStyle } from './report-style.ts';
import { skipReasons } from './skip.ts';
import type { PicturedChange } from './top-one-tally.ts';

const mostPairs = 25;

/** A report as one HTML file that needs nothing else. */
export function htmlReport(report: Report, pictured: readonly PicturedChange[]): string {
  const body = html`${head(report)}
${tiles(report)}
${report.notes.map((note) => html`<p class="warn">${note}</p>`)}
${report.topOne === null ? '' : changes(report.topOne, pictured)}
${report.topOne === null ? '' : confusion(report.topOne)}
${outputs(report.outputs)}
${mismatches(report)}
${skipped(report)}`;
  return htmlPage({ title: `Replay with ${named(report.model)}`, style: reportStyle, body, hasPictures: true });
}

function head({ location, model, capturedWith, capturedModels, via, fescue }: Report): Html {
  const of = capturedModels.map(({ name, version, count }) => `${named({ name, version })} (${count})`).join(', ');
  return html`<h1>Replay with ${named(model)}</h1>
<p class="quiet">Captures in <code>${location}</code>${of === '' ? '' : html` of ${of}`}, run again ${via === 'in-process' ? 'in process' : 'in an agent'} with <code>${model.path}</code>${capturedWith === null ? '' : html`; captured with <code>${capturedWith.path}</code>`}. Fescue ${fescue}.</p>`;
}

function tiles({ captures: { compared, skipped: left, fromTensor, fromImage }, topOne, outputs: compare }: Report): Html {
  const largest = compare.reduce((most, { maxAbs }) => Math.max(most, maxAbs), 0);
  const unlike = compare.reduce((sum, one) => sum + one.unlike, 0);
  return html`<div class="tiles">
${topOne === null ? '' : tile(percent(topOne.agreement), 'top-1 agreement', `${topOne.agreed} of ${topOne.compared}`)}
${tile(compared, 'compared', `${fromTensor} by tensor, ${fromImage} by image`)}
${tile(left, 'skipped', left === 0 ? 'none' : 'reasons below')}
${topOne === null ? '' : tile(signed(topOne.scoreShift.mean), 'mean score shift', `p95 ${short(topOne.scoreShift.p95)}, max ${short(topOne.scoreShift.max)}`)}
${tile(short(largest), 'largest difference', unlike === 0 ? 'of any element' : `and ${unlike} elements not a number`)}
</div>`;
}

function changes({ compared, agreed }: TopOneReport, pictured: readonly PicturedChange[]): Html {
  const all = compared - agreed;
  if (all === 0) return html`<h2>Changed captures</h2><p class="quiet">None: every capture has the label it had.</p>`;
  const shown = all === pictured.length ? `${all}` : `${pictured.length} of ${all}`;
  return html`<h2>Changed captures</h2>
<p class="quiet">${shown}, the largest score shift first.</p>
<div class="cards">${pictured.map(changeCard)}</div>`;
}

function confusion({ confusion: pairs }: TopOneReport): Html {
  return section('Most frequent changes', ['captured label', 'label now', '#captures'], pairs.slice(0, mostPairs).map(({ from, to, count }) => [from, to ?? 'no number', count]));
}

function outputs(all: readonly OutputReport[]): Html {
  const columns = ['output', '#compared', '#max difference', '#mean difference', '#not a number'];
  const rows = all.map(({ name, compared, maxAbs, meanAbs, unlike }) => [name, compared, short(maxAbs), short(meanAbs), unlike]);
  const worst = all.flatMap(({ name, worst: captures }) => captures.map((one) => [name, placeOf(one), short(one.maxAbs), short(one.meanAbs), one.unlike]));
  return html`${section('Outputs', columns, rows)}${section('Largest differences', ['output', 'capture', '#max', '#mean', '#not a number'], worst)}`;
}

function mismatches({ mismatches: all }: Report): Html {
  return section('Other types or shapes', ['output', 'captured', 'now', '#captures'], all.map(({ output, captured, now, count }) => [output, captured, now, count]));
}

function skipped({ skipped: all }: Report): Html {
  const rows = all.map(({ reason, count, examples }) => [skipReasons[reason], count, html`${examples.map((example) => html`<p><span class="id">${placeOf(example)}</span> <span class="quiet">${example.detail}</span></p>`)}`]);
  return section('Skipped', ['because', '#captures', 'such as'], rows);
}
