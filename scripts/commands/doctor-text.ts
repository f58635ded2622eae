import type { CheckFacts, CheckStatus } from '../doctor/check.ts';
import { kindNames } from '../doctor/device/checks/greengrass.ts';
import { type About, countsOf, type Counts, type Side, type SidedResult } from '../doctor/report.ts';
import type { FoundSubject } from '../doctor/subject.ts';
import { printable } from './printable.ts';
import { formatTable } from './table.ts';

export type DoctorStyle = {
  /** Columns of the terminal; Infinity where lines are not wrapped. */
  readonly width: number;
  /** Colours a status. */
  readonly paint: (status: CheckStatus, text: string) => string;
};

/** Narrower columns are harder to read than lines that the terminal breaks. */
const leastTextWidth = 24;
const statusWidth = 'warning'.length;

/** The results for people: by the steps of the prerequisites, then what Fescue itself asks for; remedies below. */
export function doctorText(results: readonly SidedResult[], about: About, style: DoctorStyle): string {
  const nameWidth = Math.max(0, ...results.map(({ check }) => check.name.length));
  const groups = [...Map.groupBy(results, ({ check }) => groupOf(check))].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const remedies = new Map<string, string>();
  const shown = (result: SidedResult): string => resultText(saidOnce(result, remedies), nameWidth, style);
  const sections = groups.map(([group, ofGroup]) => `${titleOf(group)}\n${ofGroup.map(shown).join('')}`);
  return `${subjectText(about, style)}\n${sections.join('\n')}\n${summaryText(countsOf(results))}\n`;
}

/** `12 ok, 1 warning, 2 failed, 3 not applicable` */
export function summaryText(counts: Counts): string {
  return `${counts.ok} ok, ${counts.warning} ${counts.warning === 1 ? 'warning' : 'warnings'}, ${counts.fail} failed, ${counts['n.a.']} not applicable`;
}

/** All checks, with what asks for them. */
export function checkListText(checks: readonly { readonly side: Side; readonly check: CheckFacts }[]): string {
  const rows = checks.map(({ side, check: { name, title, prerequisite } }) => [name, side, prerequisite === undefined ? '' : placeOf(prerequisite), title]);
  return formatTable([{ title: 'check' }, { title: 'of' }, { title: 'prerequisites' }, { title: 'asks whether' }], rows);
}

const subjectTitles: Readonly<Record<keyof FoundSubject, string>> = { thing: 'thing', fleet: 'fleet', group: 'thing group', role: 'role', roleAlias: 'role alias', bucket: 'bucket', prefix: 'prefix', region: 'region', account: 'account' };

function subjectText({ host, subject, nucleus }: About, { width }: DoctorStyle): string {
  const named = (Object.keys(subjectTitles) as (keyof FoundSubject)[]).flatMap((key) => {
    const found = subject[key];
    return found === undefined || key === 'group' ? [] : [[subjectTitles[key], `${found.value}  (${found.origin})`] as const];
  });
  const greengrass = nucleus === undefined ? 'not known' : nucleus === null ? 'none' : `${kindNames[nucleus.kind]} in ${nucleus.root}`;
  const rows = [...(host === undefined ? [] : [['device', `${host}  (--host)`] as const]), ['Greengrass', greengrass] as const, ...named];
  return rows.map(([name, value]) => hanging(name.padEnd(12), printable(value), width)).join('');
}

/** Steps in their order, notes of the document after them, Fescue's own last. */
function groupOf({ prerequisite }: CheckFacts): string {
  return prerequisite?.step ?? 'own';
}

function titleOf(group: string): string {
  if (group === 'own') return 'What Fescue needs besides';
  return group === 'note' ? 'Notes of the prerequisites' : `Step ${group} of the prerequisites`;
}

/** The same remedy is spelt out for the first check that has it. */
function saidOnce(result: SidedResult, remedies: Map<string, string>): SidedResult {
  const { check: { name }, verdict } = result;
  if (verdict.remedy === undefined) return result;
  const earlier = remedies.get(verdict.remedy);
  if (earlier === undefined) remedies.set(verdict.remedy, name);
  return earlier === undefined ? result : { ...result, verdict: { ...verdict, remedy: `as for ${earlier}` } };
}

function resultText({ check, verdict }: SidedResult, nameWidth: number, { width, paint }: DoctorStyle): string {
  const start = `  ${check.name.padEnd(nameWidth)}  `;
  const status = verdict.status.padEnd(statusWidth);
  const indent = ' '.repeat(start.length + statusWidth + 2);
  const plain = hanging(`${start}${status}  `, printable(verdict.found), width);
  const found = `${start}${paint(verdict.status, status)}${plain.slice(start.length + status.length)}`;
  const remedy = verdict.remedy === undefined ? '' : hanging(`${indent}-> `, printable(verdict.remedy), width);
  const asked = check.prerequisite === undefined || verdict.status === 'ok' || verdict.status === 'n.a.' ? '' : hanging(indent, `(${placeOf(check.prerequisite)}: ${check.prerequisite.says})`, width);
  return found + remedy + asked;
}

function placeOf({ step, line }: { step: string; line: number }): string {
  return step === 'note' ? `note, line ${line}` : `step ${step}, line ${line}`;
}

/** The text behind its start, further lines below it. */
function hanging(start: string, text: string, width: number): string {
  const lines = wrap(text, Math.max(width - start.length, leastTextWidth));
  return `${start}${lines.join(`\n${' '.repeat(start.length)}`)}`.trimEnd() + '\n';
}

/** Breaks at blanks; a longer word, such as a path, stays whole, so that it can be copied. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
