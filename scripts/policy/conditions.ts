import { type ConditionOperator, operatorOf } from './condition-operators.ts';
import type { Lookup } from './context.ts';
import type { ConditionTest } from './document.ts';
import { allOf, anyOf, type Extent, extentOf, opposite } from './extent.ts';

/**
 * Whether a condition holds: all operators and all keys below each of them have to, and one of the values of a key.
 *
 * @returns `open`: the tests that what is known does not decide, in words
 */
export function decideConditions(tests: readonly ConditionTest[], { lookup, variables }: { readonly lookup: Lookup; readonly variables: Lookup | undefined }): { extent: Extent; open: readonly string[] } {
  const decided = tests.map((test) => ({ test, extent: decideTest(test, { lookup, variables }) }));
  return { extent: allOf(decided.map(({ extent }) => extent)), open: decided.filter(({ extent }) => extent === 'sometimes').map(({ test }) => describeTest(test)) };
}

/** @example 'aws:SourceIp IpAddress 10.0.0.0/8 or 192.168.0.0/16' */
function describeTest({ operator, key, values }: ConditionTest): string {
  const shown = values.slice(0, 3).join(' or ');
  return `${key} ${operator} ${values.length > 3 ? `${shown} or ${values.length - 3} more` : shown}`;
}

function decideTest({ operator: name, key, values: expected }: ConditionTest, { lookup, variables }: { lookup: Lookup; variables: Lookup | undefined }): Extent {
  const operator = operatorOf(name);
  const actual = lookup(key);
  if (operator === undefined || actual === undefined) return 'sometimes';
  if (operator.kind === 'null') return extentOf(expected.some((one) => (one.toLowerCase() === 'true') === (actual.length === 0)));
  if (actual.length === 0) return extentOf(holdsWithout(operator));
  const { isNegated, set, compare } = operator;
  const matches = actual.map((one) => anyOf(expected.map((value) => compare(one, value, variables))));
  const each = isNegated ? matches.map(opposite) : matches;
  // Without a word for sets, one of several values has to match, or none of them where the operator is negated.
  return set === 'ForAllValues' || (set === undefined && isNegated) ? allOf(each) : anyOf(each);
}

/** What a test says of a request without its key. */
function holdsWithout({ set, ifExists, isNegated }: ConditionOperator): boolean {
  if (set !== undefined) return set === 'ForAllValues';
  return ifExists || isNegated;
}
