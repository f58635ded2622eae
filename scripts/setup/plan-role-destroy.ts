import { ownTags } from '../cloud/names.ts';
import type { Action } from './action.ts';
import { isOwnPolicyName, ownPolicyNames, type Desired } from './desired.ts';
import { diffLines } from './diff.ts';
import { managedPolicyArn, managedPolicyNames, ownSids } from './documents.ts';
import { isAttached } from './plan-attached.ts';
import { attachedBySetup } from './role-tags.ts';
import { isOwnRole, type RoleState } from './state.ts';
import { step, type Step } from './step.ts';
import { policyText, readPolicy } from './written-policy.ts';

/** A role of setup's own goes with all that is on it, unless other fleets use it; of another one goes what setup added for the fleet. */
export function planRoleDestroy(state: RoleState | undefined, desired: Desired): readonly Step[] {
  if (state === undefined) return [];
  const others = ofOtherFleets(state, desired);
  if (!isOwnRole(state.role, desired.fleet)) return undoRole(state, desired, others);
  const region = state.role.tags[ownTags.region] ?? desired.place.region;
  if (region !== desired.place.region) return [step('leave', ['role', state.role.name], `setup made it for this fleet in ${region}; --region ${region} takes it away`)];
  if (others.length === 0) return [deleteRole(state)];
  return [step('leave', ['role', state.role.name], `other fleets use it (${others.join(', ')}). To delete it as well: destroy those first, then the same command again`), ...ownPolicies(state, desired)];
}

/** Names of the inline policies that setup wrote for others. */
function ofOtherFleets({ inline }: RoleState, { fleet }: Desired): string[] {
  const own = Object.values(ownPolicyNames(fleet));
  return inline.map(({ name }) => name).filter((name) => isOwnPolicyName(name) && !own.includes(name));
}

function ownPolicies({ inline }: RoleState, { names: { role }, fleet }: Desired): Step[] {
  const own = Object.values(ownPolicyNames(fleet));
  return inline.filter(({ name }) => own.includes(name)).map(({ name }) => step('delete', ['inline policy', name], `of role ${role}`, { actions: [{ call: 'delete inline', role, policy: name }] }));
}

function deleteRole({ role, attached, inline }: RoleState): Step {
  const actions: Action[] = [
    ...inline.map(({ name }) => ({ call: 'delete inline', role: role.name, policy: name }) as const),
    ...attached.map(({ arn }) => ({ call: 'detach', role: role.name, policyArn: arn }) as const),
    { call: 'delete role', role: role.name },
  ];
  const policies = [...inline, ...attached].map(({ name }) => name);
  return step('delete', ['role', role.name], policies.length === 0 ? role.arn : `${role.arn}; on it: ${policies.join(', ')}`, { actions });
}

/** The rest of a role that setup made for another fleet is for that one to undo. */
function undoRole(state: RoleState, desired: Desired, others: readonly string[]): Step[] {
  const head = step('leave', ['role', desired.names.role], `setup did not make it for this fleet${others.length === 0 ? '' : `; what other fleets need stays on it (${others.join(', ')})`}`);
  const policies = ownPolicies(state, desired);
  const isOfOthers = others.length > 0 || state.role.tags[ownTags.fleet] !== undefined;
  return isOfOthers ? [head, ...policies] : [head, ...policies, ...undoTrust(state), ...undoAttached(state, desired), ...undoTags(state)];
}

function undoTrust({ role }: RoleState): Step[] {
  const there = readPolicy(role.trust, `The trust policy of role ${role.name}`);
  const sids: readonly unknown[] = [ownSids.credentials, ownSids.sageMaker];
  const after = { ...there, Statement: there.Statement.filter(({ Sid }) => !sids.includes(Sid)) };
  if (after.Statement.length === there.Statement.length) return [];
  const subject = ['trust policy', role.name] as const;
  // IAM takes no trust policy without a statement.
  if (after.Statement.length === 0) return [step('leave', subject, 'nothing but statements of setup is in it, and it cannot be empty')];
  return [step('change', subject, 'without the statements of setup', { diff: diffLines(policyText(there), policyText(after)), actions: [{ call: 'set trust', role: role.name, trust: policyText(after) }] })];
}

function undoAttached(state: RoleState, { place }: Desired): Step[] {
  const { role } = state;
  const noted = attachedBySetup(role.tags);
  const own = Object.values(managedPolicyNames).filter((name) => noted.includes(name) && isAttached(state, place, name));
  return own.map((name) => step('delete', ['managed policy', name], `detached from role ${role.name}`, { actions: [{ call: 'detach', role: role.name, policyArn: managedPolicyArn(place, name) }] }));
}

/** Last, for they say what there is to undo. */
function undoTags({ role }: RoleState): Step[] {
  const keys = [ownTags.policies, ownTags.attached, ownTags.bucket].filter((key) => role.tags[key] !== undefined);
  if (keys.length === 0) return [];
  return [step('delete', ['tags', role.name], keys.join(', '), { actions: [{ call: 'untag role', role: role.name, keys }] })];
}
