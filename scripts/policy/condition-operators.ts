import type { Lookup } from './context.ts';
import { type Extent, extentOf } from './extent.ts';
import { extentOfMatch } from './glob.ts';
import { type GlobKind, readGlob } from './read-glob.ts';

/** Compares a value of the request with one of the policy, which may hold variables. */
export type Compare = (actual: string, expected: string, variables: Lookup | undefined) => Extent;

export type ConditionOperator = {
  readonly kind: 'null' | 'compare';
  readonly isNegated: boolean;
  readonly ifExists: boolean;
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly compare: Compare;
};

const exactly = texts((actual, expected) => actual === expected);
const inAnyCase = texts((actual, expected) => actual.toLowerCase() === expected.toLowerCase());
/** Dates, addresses and bytes are not compared: for those it depends. */
const depends: Compare = () => 'sometimes';

/** By name without `Not`, in lower case. */
const comparisons: Readonly<Record<string, Compare>> = {
  stringequals: exactly,
  stringequalsignorecase: inAnyCase,
  stringlike: patterns('text'),
  arnequals: patterns('arn'),
  arnlike: patterns('arn'),
  bool: inAnyCase,
  numericequals: numbers((actual, expected) => actual === expected),
  numericlessthan: numbers((actual, expected) => actual < expected),
  numericlessthanequals: numbers((actual, expected) => actual <= expected),
  numericgreaterthan: numbers((actual, expected) => actual > expected),
  numericgreaterthanequals: numbers((actual, expected) => actual >= expected),
};
const undecided = /^(?:date(?:equals|(?:less|greater)than(?:equals)?)|ipaddress|binaryequals)$/;
const form = /^(?:(ForAllValues|ForAnyValue):)?(String|Numeric|Date|Arn|Bool|Binary|Null)?(Not)?(\w*?)(IfExists)?$/i;

/** @returns undefined for an operator that IAM does not have, as far as we know */
export function operatorOf(name: string): ConditionOperator | undefined {
  const match = form.exec(name);
  if (match === null) return undefined;
  const [, set, family = '', not, rest = '', ifExists] = match;
  const plain = `${family}${rest}`.toLowerCase();
  const compare = Object.hasOwn(comparisons, plain) ? comparisons[plain] : undecided.test(plain) ? depends : undefined;
  if (compare === undefined && plain !== 'null') return undefined;
  return {
    kind: plain === 'null' ? 'null' : 'compare',
    isNegated: not !== undefined,
    ifExists: ifExists !== undefined,
    set: set === undefined ? undefined : set.toLowerCase() === 'forallvalues' ? 'ForAllValues' : 'ForAnyValue',
    compare: compare ?? depends,
  };
}

/** The value of the policy with its variables filled in, wildcards being no more than characters. */
function texts(compare: (actual: string, expected: string) => boolean): Compare {
  return (actual, expected, lookup) => {
    const read = readGlob(expected, { kind: 'text', lookup });
    if (read === undefined) return 'never';
    if (read.unknown.length > 0) return 'sometimes';
    return extentOf(compare(actual, read.glob.map((piece) => (typeof piece === 'string' ? piece : piece.many ? '*' : '?')).join('')));
  };
}

function patterns(kind: GlobKind): Compare {
  return (actual, expected, lookup) => {
    const read = readGlob(expected, { kind, lookup });
    if (read === undefined) return 'never';
    const extent = extentOfMatch(read.glob, Array.from(actual));
    return extent === 'always' && read.unknown.length > 0 ? 'sometimes' : extent;
  };
}

function numbers(compare: (actual: number, expected: number) => boolean): Compare {
  return (actual, expected) => extentOf(compare(Number(actual), Number(expected)));
}
