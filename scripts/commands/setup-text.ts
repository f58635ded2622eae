import type { Change, Step } from '../setup/step.ts';
import type { Planned } from '../setup/run-setup.ts';
import { printable } from './printable.ts';

/** The plan for people: a line for each step, with what becomes of its document below, and a line that counts them. */
export function planText({ desired, steps, mode }: Planned): string {
  const { fleet, place } = desired;
  const widths = { change: widest(steps.map(({ change }) => change)), resource: widest(steps.map(({ resource }) => resource)), name: widest(steps.map(({ name }) => name)) };
  const head = `Fleet ${fleet}, account ${place.account}, region ${place.region}\n\n`;
  const nothing = mode === 'destroy' && steps.length === 0 ? 'Nothing that setup made for this fleet is there.\n' : '';
  return `${head}${nothing}${steps.map((step) => stepText(step, widths)).join('')}\n${summary(steps)}\n`;
}

type Widths = { readonly change: number; readonly resource: number; readonly name: number };

function stepText({ change, resource, name, why, diff = [] }: Step, widths: Widths): string {
  const line = `  ${change.padEnd(widths.change)}  ${resource.padEnd(widths.resource)}  ${name.padEnd(widths.name)}  ${printable(why)}`;
  const indent = ' '.repeat(widths.change + 4);
  return `${line.trimEnd()}\n${diff.map(({ sign, text }) => `${indent}${sign} ${printable(text)}\n`).join('')}`;
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}

const words: Readonly<Record<Change, string>> = { create: 'to create', change: 'to change', delete: 'to delete', keep: 'as they should be', leave: 'left as they are', conflict: 'for you to decide' };

function summary(steps: readonly Step[]): string {
  const counts = (Object.keys(words) as Change[]).map((change) => ({ change, count: steps.filter((step) => step.change === change).length }));
  const counted = counts.filter(({ count }) => count > 0).map(({ change, count }) => `${count} ${words[change]}`);
  return counted.length === 0 ? 'Nothing to do.' : `${counted.join(', ')}.`;
}

/** The plan for programs. @param about.applied whether it was carried out, and what there is then */
export function planJson({ desired, steps, mode }: Planned, about: { applied: boolean; there: Readonly<Record<string, string>> | undefined }): string {
  const { fleet, place, names, variant } = desired;
  const shown = steps.map(({ change, resource, name, why, diff }) => ({ change, resource, name, why, ...(diff === undefined ? {} : { diff: diff.map(({ sign, text }) => `${sign} ${text}`) }) }));
  return `${JSON.stringify({ fleet, account: place.account, region: place.region, policies: variant, mode, names, applied: about.applied, steps: shown, ...(about.there === undefined ? {} : { there: about.there }) })}\n`;
}
