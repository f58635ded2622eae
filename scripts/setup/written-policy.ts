import { isDeepStrictEqual } from 'node:util';
import { FescueError } from '../../components/common/errors.ts';

/** A policy as somebody wrote it, to be written again with no more changed than has to be. What is not looked at here has no type. */
export type WrittenPolicy = { readonly Version?: string; readonly Statement: readonly Statement[] };
export type Statement = { readonly Sid?: string; readonly Effect?: string; readonly Action?: Words; readonly Resource?: Words; readonly Principal?: Readonly<Record<string, Words>> | string; readonly Condition?: unknown; readonly [key: string]: unknown };
export type Words = string | readonly string[];

/** The only one that has all of IAM's language. */
export const policyVersion = '2012-10-17';

/** @param what for messages @throws FescueError `failed-precondition` on text that is no policy */
export function readPolicy(text: string, what: string): WrittenPolicy {
  const document = parsed(text);
  const statements = typeof document === 'object' && document !== null && 'Statement' in document ? [document.Statement].flat() : [undefined];
  if (!statements.every(isStatement)) throw new FescueError('failed-precondition', `${what} cannot be understood: expected a JSON object with statements. Correct it in the console of AWS, then run the command again.`);
  return { ...(document as object), Statement: statements };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isStatement(value: unknown): value is Statement {
  return typeof value === 'object' && value !== null;
}

/** As it is shown, and as it is sent. */
export function policyText(document: WrittenPolicy): string {
  return JSON.stringify(document, null, 2);
}

/** Whether two statements mean the same, whatever they are called and in whatever order and form their words are. */
export function sameStatement(one: Statement, other: Statement): boolean {
  return isDeepStrictEqual(canonical({ ...one, Sid: '' }), canonical({ ...other, Sid: '' }));
}

/** Whether two policies have the same statements, in any order. */
export function samePolicy(one: WrittenPolicy, other: WrittenPolicy): boolean {
  const missingIn = (there: WrittenPolicy, here: WrittenPolicy): boolean => there.Statement.some((statement) => !here.Statement.some((own) => sameStatement(own, statement)));
  return !missingIn(one, other) && !missingIn(other, one);
}

/** IAM takes a word in place of a list of one, and lists in any order. */
function canonical(value: unknown): unknown {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, canonical(inner)]));
}
