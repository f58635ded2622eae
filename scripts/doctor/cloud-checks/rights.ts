import { type Decision, describeDecision } from '../../policy/decide.ts';
import type { Verdict } from '../check.ts';
import { fail, ok, warning } from '../verdict.ts';
import type { Decided, Permissions } from './permissions.ts';
import { takeOut } from './remedies.ts';

export type Judging = {
  /** Where a policy that denies it is to be found. */
  readonly console: (policy: string) => string;
  readonly permissions: Permissions;
  /** What adds what is missing. */
  readonly grant: string;
};

/**
 * What decisions come to. What cannot be read is no matter where what can be read allows it; where it does not, that it
 * could not be read is all that can be said.
 *
 * @throws CloudError that kept a policy from being read
 */
export function rightsVerdict(decided: readonly Decided[], { console, permissions, grant }: Judging): Verdict {
  const { denied, isBoundaryUnknown, unusable } = permissions;
  const worst = decided.find(({ decision }) => decision.effect === 'denied') ?? decided.find(({ decision }) => decision.effect === 'not-allowed') ?? decided.find(({ decision }) => decision.effect === 'conditional');
  if (worst === undefined) return allowed(decided, { denied, isBoundaryUnknown, unusable });
  const { decision } = worst;
  if (decision.effect === 'not-allowed' && denied[0] !== undefined) throw denied[0];
  const found = [sentence(worst), ...unusable].join('; ');
  return decision.effect === 'conditional' ? warning(found, 'Find out whether that holds for the devices; without knowing, Fescue cannot decide it.') : fail(found, remedyFor(decision, { console, grant }));
}

function remedyFor(decision: Decision, { console, grant }: Pick<Judging, 'console' | 'grant'>): string {
  if (decision.effect === 'denied') return takeOut(decision.by, console(decision.by.policy));
  return decision.effect === 'not-allowed' && decision.within !== undefined ? `Let the permissions boundary allow it, too: IAM console, Policies, ${decision.within}.` : grant;
}

function allowed(decided: readonly Decided[], { denied, isBoundaryUnknown, unusable }: Pick<Permissions, 'denied' | 'isBoundaryUnknown' | 'unusable'>): Verdict {
  const actions = [...new Set(denied.map(({ action }) => action))];
  const unread = actions.length === 0 ? '' : `; not all policies could be read (needs ${actions.join(', ')})`;
  const found = `${[...new Set(decided.map(sentence))].join('; ')}${unread}${unusable.length === 0 ? '' : `; ${unusable.join('; ')}`}`;
  return isBoundaryUnknown ? warning(`${found}; whether a permissions boundary limits it could not be checked`, 'Allow iam:GetRole, iam:GetPolicy and iam:GetPolicyVersion to this identity.') : ok(found);
}

function sentence({ action, resource, decision }: Decided): string {
  return `${action}${decision.effect === 'allowed' ? '' : ` on ${resource}`} ${describeDecision(decision)}`;
}
