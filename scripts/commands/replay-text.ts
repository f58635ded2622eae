import { named, percent, placeOf, short, signed } from '../replay/figures-text.ts';
import type { OutputReport, Report, TopOneReport } from '../replay/report.ts';
import { skipReasons } from '../replay/skip.ts';
import type { ClassScores } from '../replay/top-one.ts';
import { printable } from './printable.ts';
import { formatPairs, formatTable } from './table.ts';

const mostPairs = 10;
const mostExamples = 2;

/** The report for people. */
export function replayText(found: Report): string {
  const report = visible(found);
  const { topOne, outputs, notes } = report;
  const parts = [summaryText(report), ...(outputs.some(({ compared }) => compared > 0) ? [outputsText(outputs)] : []), ...worstText(outputs), ...mismatchText(report)];
  if (topOne !== null && topOne.changes.length > 0) parts.push(changesText(topOne), confusionText(topOne));
  parts.push(...skippedText(report), ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}\n`).join('')]));
  return parts.join('\n');
}

function summaryText({ location, model, capturedWith, via, captures, capturedModels, topOne }: Report): string {
  const { found, compared, skipped, fromTensor, fromImage } = captures;
  const pairs: [string, string][] = [
    ['captures', `${found} in ${location}`],
    ['captured of', capturedModels.map(({ name, version, count }) => `${count} of ${named({ name, version })}`).join('\n') || 'none'],
    ...(capturedWith === null ? [] : [['captured with', named(capturedWith)] satisfies [string, string]]),
    ['model', `${named(model)}, ${via === 'in-process' ? 'in process' : 'in an agent'}`],
    ['compared', `${compared}, ${fromTensor} by captured tensor, ${fromImage} by captured image`],
    ['skipped', String(skipped)],
  ];
  if (topOne !== null) {
    const { count, mean, p50, p95, max } = topOne.scoreShift;
    pairs.push(['top-1 agreement', `${percent(topOne.agreement)} (${topOne.agreed} of ${topOne.compared})`]);
    if (count > 0) pairs.push(['score shift', `mean ${signed(mean)}; magnitude p50 ${short(p50)}, p95 ${short(p95)}, max ${short(max)}`]);
  }
  return formatPairs(pairs);
}

function outputsText(outputs: readonly OutputReport[]): string {
  const columns = [{ title: 'output' }, ...['compared', 'max difference', 'mean difference', 'not a number'].map((title) => ({ title, right: true }))];
  return formatTable(columns, outputs.map(({ name, compared, maxAbs, meanAbs, unlike }) => [name, String(compared), short(maxAbs), short(meanAbs), String(unlike)]));
}

function worstText(outputs: readonly OutputReport[]): string[] {
  return outputs.flatMap(({ name, worst }) => {
    if (worst.length === 0) return [];
    const columns = [{ title: `largest differences of ${name}` }, ...['max', 'mean', 'not a number'].map((title) => ({ title, right: true }))];
    return [formatTable(columns, worst.map((one) => [placeOf(one), short(one.maxAbs), short(one.meanAbs), String(one.unlike)]))];
  });
}

function mismatchText({ mismatches }: Report): string[] {
  if (mismatches.length === 0) return [];
  const columns = [{ title: 'other type or shape' }, { title: 'captured' }, { title: 'now' }, { title: 'captures', right: true }];
  return [formatTable(columns, mismatches.map(({ output, captured, now, count }) => [output, captured, now, String(count)]))];
}

function changesText({ changes, compared, agreed }: TopOneReport): string {
  const rows = changes.map((change) => [placeOf(change), ...classCells(change.from), ...(change.to === null ? ['no number', '', ''] : classCells(change.to))]);
  const more = compared - agreed - changes.length;
  const columns = [{ title: 'changed capture' }, { title: 'captured label' }, { title: 'captured', right: true }, { title: 'now', right: true }, { title: 'label now' }, { title: 'captured', right: true }, { title: 'now', right: true }];
  return `${formatTable(columns, rows)}${more > 0 ? `… and ${more} more\n` : ''}`;
}

function classCells({ label, captured, now }: ClassScores): string[] {
  return [label, captured === null ? '–' : short(captured), now === null ? '–' : short(now)];
}

function confusionText({ confusion }: TopOneReport): string {
  return formatTable([{ title: 'captured label' }, { title: 'label now' }, { title: 'captures', right: true }], confusion.slice(0, mostPairs).map(({ from, to, count }) => [from, to ?? 'no number', String(count)]));
}

function skippedText({ skipped }: Report): string[] {
  if (skipped.length === 0) return [];
  const rows = skipped.flatMap(({ reason, count, examples }) =>
    examples.slice(0, mostExamples).map((example, index) => [...(index === 0 ? [skipReasons[reason], String(count)] : ['', '']), `${placeOf(example)}: ${example.detail}`]),
  );
  return [formatTable([{ title: 'skipped because' }, { title: 'captures', right: true }, { title: 'such as' }], rows)];
}

/** Without the control characters of what was captured, which a terminal would obey. */
function visible(report: Report): Report {
  return JSON.parse(JSON.stringify(report), (_, value: unknown) => (typeof value === 'string' ? printable(value) : value)) as Report;
}
