import type { PolicyText } from '../cloud/cloud.ts';
import { isWithin } from '../policy/covers.ts';
import { isOwnPolicyName, ownPolicyNames, type Desired } from './desired.ts';
import { diffLines } from './diff.ts';
import { decideNeeds, describeDecided, isForbidden, isGranted, needsOf, policyOf } from './needs.ts';
import type { RoleState } from './state.ts';
import { step, type Step } from './step.ts';
import { policyText, readPolicy, samePolicy } from './written-policy.ts';

/** @param options.isOwn whether setup made the role: only then all is written, whatever others allow already */
export function planInline(state: RoleState, desired: Desired, { isOwn }: { isOwn: boolean }): readonly Step[] {
  const role = desired.names.role;
  const needs = needsOf(desired);
  const wanted = desired.inline.map(({ name }) => name);
  const others = state.inline.filter(({ name }) => !wanted.includes(name));
  const forbidden = decideNeeds(needs, { policies: [...state.managed, ...others, ...desired.inline], boundary: state.boundary }).filter(isForbidden);
  if (forbidden.length > 0) return [step('conflict', ['inline policy', role], `it would not help: ${describeDecided(forbidden)}. Change that, or name another role with --role.`)];
  const byOthers = decideNeeds(needs, { policies: [...state.managed, ...others.filter(({ name }) => !isOwnPolicyName(name))], boundary: state.boundary });
  const isSeenTo = !isOwn && byOthers.every(isGranted) && wanted.every((name) => !state.inline.some((policy) => policy.name === name));
  if (isSeenTo) return [step('keep', ['inline policy', role], `no need of one: ${describeDecided(byOthers)}`)];
  return [...desired.inline.map((policy) => planPolicy(policy, { state, desired })), ...obsolete(state, desired)];
}

function planPolicy(policy: PolicyText, { state, desired }: { state: RoleState; desired: Desired }): Step {
  const subject = ['inline policy', policy.name] as const;
  const there = state.inline.find(({ name }) => name === policy.name);
  const actions = [{ call: 'put inline', role: desired.names.role, policy } as const];
  if (there === undefined) return step('create', subject, `of role ${desired.names.role}`, { diff: diffLines(undefined, policy.document), actions });
  const written = readPolicy(there.document, `Inline policy ${policy.name}`);
  if (samePolicy(written, readPolicy(policy.document, policy.name))) return step('keep', subject, `of role ${desired.names.role}`);
  const still = decideNeeds(needsOf(desired), { policies: [...state.managed, ...state.inline], boundary: state.boundary });
  if (still.every(isGranted) && isWithin(policyOf(there).document, policyOf(policy))) return step('leave', subject, 'stricter than what setup writes, and enough');
  return step('change', subject, `of role ${desired.names.role}`, { diff: diffLines(policyText(written), policy.document), actions });
}

/** Those of this fleet that the other variant, or other flags, had written. */
function obsolete({ inline }: RoleState, { names, fleet, inline: wanted }: Desired): Step[] {
  const own = Object.values(ownPolicyNames(fleet));
  const gone = inline.filter(({ name }) => own.includes(name) && !wanted.some((policy) => policy.name === name));
  return gone.map(({ name, document }) => step('delete', ['inline policy', name], 'no longer asked for', { diff: diffLines(policyText(readPolicy(document, name)), undefined), actions: [{ call: 'delete inline', role: names.role, policy: name }] }));
}
