import type { Finding, Severity } from '../recipe-lint/rule.ts';
import { printable } from './printable.ts';

/** The findings for people, and a line that counts them. */
export function lintText(findings: readonly Finding[], files: number): string {
  return `${findings.map(findingText).join('')}${summary(findings, files)}\n`;
}

function findingText({ file, line, column, severity, id, nucleus, path, problem, consequence, instead }: Finding): string {
  const where = nucleus === 'both' ? 'both nuclei' : nucleus;
  return `${printable(`${file}:${line}:${column}: ${severity} ${id} (${where})`)}\n  ${printable(`${path}: ${problem}.`)}\n  ${consequence}\n  ${printable(instead)}\n\n`;
}

function summary(findings: readonly Finding[], files: number): string {
  const count = (severity: Severity): string => plural(findings.filter((one) => one.severity === severity).length, severity);
  return `${plural(files, 'recipe')}: ${count('error')}, ${count('warning')}, ${count('note')}.`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
