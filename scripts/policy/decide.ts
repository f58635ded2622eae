import type { PolicyDocument, Statement } from './document.ts';
import type { Requester } from './requester.ts';
import { applies, type Applies, type PolicyRequest } from './statement.ts';

/** @property name for the reader, such as `inline policy Captures` */
export type Policy = { readonly name: string; readonly document: PolicyDocument };

/** The statement that decided. @property label its Sid, or its place from 1 */
export type DecidedBy = { readonly policy: string; readonly label: string };

export type Decision =
  | { readonly effect: 'allowed'; readonly by: DecidedBy }
  /** A Deny speaks of it. */
  | { readonly effect: 'denied'; readonly by: DecidedBy }
  /** No Allow speaks of it; `within` is the boundary that leaves it out where another policy allows it. */
  | { readonly effect: 'not-allowed'; readonly within?: string }
  /** It depends on what is not known: allowed if all of `onlyIf` hold, and none of `unless`. */
  | { readonly effect: 'conditional'; readonly by: DecidedBy; readonly onlyIf: readonly string[]; readonly unless: readonly string[] };

export type Question = {
  /** All that are attached to who asks. */
  readonly policies: readonly Policy[];
  /** The permissions boundary of who asks. */
  readonly boundary?: Policy | undefined;
  /** That of what is asked for, in the same account: to be allowed by it is as good, to be denied by it as bad. */
  readonly resourcePolicy?: Policy | undefined;
  /** Whom the policy of the resource may name. */
  readonly requester?: Requester | undefined;
  readonly request: PolicyRequest;
};

/**
 * What IAM makes of a request: a Deny anywhere counts over every Allow, and without an Allow it is not allowed. Policies of
 * an organisation and of a session are not looked at.
 */
export function decide({ policies, boundary, resourcePolicy, requester, request }: Question): Decision {
  const weigh = (some: readonly Policy[]): Weighed => weighed(some, { request, requester, isBounded: boundary !== undefined });
  const granting = weigh(resourcePolicy === undefined ? policies : [...policies, resourcePolicy]);
  const limiting = boundary === undefined ? undefined : weigh([boundary]);
  const denial = granting.denies ?? limiting?.denies;
  if (denial !== undefined) return { effect: 'denied', by: denial.by };
  const grant = granting.allows;
  if (grant === undefined) return { effect: 'not-allowed' };
  if (boundary !== undefined && limiting?.allows === undefined) return { effect: 'not-allowed', within: boundary.name };
  const onlyIf = [...grant.open, ...(limiting?.allows?.open ?? [])];
  const unless = [...granting.perhapsDenies, ...(limiting?.perhapsDenies ?? [])].map(({ by, open }) => `${open.join(' and ')} (denied by ${describeStatement(by)})`);
  return onlyIf.length + unless.length === 0 ? { effect: 'allowed', by: grant.by } : { effect: 'conditional', by: grant.by, onlyIf, unless };
}

/** @example 'statement GreengrassComponentAccess of inline policy Components' */
export function describeStatement({ policy, label }: DecidedBy): string {
  return `statement ${label} of ${policy}`;
}

/** For a sentence that begins with what was asked. @example 'is denied by statement 2 of inline policy Captures' */
export function describeDecision(decision: Decision): string {
  if (decision.effect === 'not-allowed') return decision.within === undefined ? 'is allowed by no policy' : `is not within the permissions boundary, ${decision.within}`;
  const by = describeStatement(decision.by);
  if (decision.effect !== 'conditional') return `is ${decision.effect} by ${by}`;
  const { onlyIf, unless } = decision;
  return `is allowed by ${by}${onlyIf.length === 0 ? '' : ` only if ${onlyIf.join(' and ')}`}${unless.length === 0 ? '' : `${onlyIf.length === 0 ? '' : ','} unless ${unless.join(' or ')}`}`;
}

type Counted = { readonly by: DecidedBy; readonly open: readonly string[] };
/** @property allows the Allow that depends on least, if there is one */
type Weighed = { readonly denies: Counted | undefined; readonly perhapsDenies: readonly Counted[]; readonly allows: Counted | undefined };

function weighed(policies: readonly Policy[], { request, requester, isBounded }: Pick<Question, 'request' | 'requester'> & { readonly isBounded: boolean }): Weighed {
  const counted = policies.flatMap(({ name, document: { version, statements } }) =>
    statements.map((statement, index) => ({ statement, by: { policy: name, label: statement.sid ?? String(index + 1) }, ...applies(statement, { request, version, requester, isBounded }) })),
  );
  const of = (effect: Statement['effect'], extent: Applies['extent']): Counted[] => counted.filter((one) => one.statement.effect === effect && one.extent === extent).map(({ by, open }) => ({ by, open }));
  return { denies: of('Deny', 'always')[0], perhapsDenies: of('Deny', 'sometimes'), allows: of('Allow', 'always')[0] ?? of('Allow', 'sometimes')[0] };
}
