import { decide, type Decision, type Policy, type Question } from './decide.ts';
import type { PolicyDocument } from './document.ts';

/** What somebody wants to be allowed: each action on each resource, whose wildcards stand for all they stand for in a policy. */
export type Wanted = { readonly actions: readonly string[]; readonly resources: readonly string[] };

export type Uncovered = { readonly action: string; readonly resource: string; readonly decision: Decision };

/**
 * What of that is not allowed yet without a condition: nothing means that no policy has to be added. Where a decision is
 * `denied`, or `not-allowed` within a boundary, adding a policy would not help; somebody has forbidden it.
 *
 * @example uncovered({ policies, wanted: { actions: ['s3:PutObject'], resources: ['arn:aws:s3:::sagemaker-lobby/*'] } })
 */
export function uncovered({ wanted: { actions, resources }, context, ...question }: Omit<Question, 'request'> & { readonly wanted: Wanted; readonly context?: Question['request']['context'] }): readonly Uncovered[] {
  const asked = actions.flatMap((action) => resources.map((resource) => ({ action, resource })));
  return asked.map((one) => ({ ...one, decision: decide({ ...question, request: { ...one, ...(context === undefined ? {} : { context }) } }) })).filter(({ decision }) => decision.effect !== 'allowed');
}

/**
 * Whether `document` allows nothing that `limit` does not: so it is as strict, or stricter, and to put `limit` in its place
 * would not narrow it. When in doubt, which NotAction and NotResource leave, it is false.
 */
export function isWithin(document: PolicyDocument, limit: Policy): boolean {
  return document.statements.every(({ effect, actions, resources }) => {
    if (effect === 'Deny') return true;
    if (actions.isNot || resources === undefined || resources.isNot) return false;
    return uncovered({ policies: [limit], wanted: { actions: actions.patterns, resources: resources.patterns } }).length === 0;
  });
}
