import { ownTags } from '../cloud/names.ts';
import type { Action } from './action.ts';
import type { Desired } from './desired.ts';
import { managedPolicyArn, managedPolicyNames, type ManagedPolicyName } from './documents.ts';
import type { Place } from './place.ts';
import { attachedBySetup } from './role-tags.ts';
import type { RoleState } from './state.ts';
import { step, type Step } from './step.ts';

/** What SageMaker's own policy opens, for whoever is asked to attach it. */
export const fullAccessWarning = 'lets every device make, change and delete what SageMaker has in this account, and read, write and delete objects of all buckets with sagemaker in their name';

/** @returns what is attached, and what is detached: that has to come after what takes its place */
export function planAttached(state: RoleState | undefined, desired: Desired): { readonly before: readonly Step[]; readonly after: readonly Step[] } {
  const { names, place, attached: wanted } = desired;
  const bySetup = attachedBySetup(state?.role.tags ?? {});
  const before = wanted.map((name) => {
    const why = name === managedPolicyNames.full ? fullAccessWarning : `of role ${names.role}`;
    return isAttached(state, place, name) ? step('keep', ['managed policy', name], why) : step('create', ['managed policy', name], why, { actions: [{ call: 'attach', role: names.role, policyArn: managedPolicyArn(place, name) }] });
  });
  const unwanted = Object.values(managedPolicyNames).filter((name) => !wanted.includes(name) && (isAttached(state, place, name) || bySetup.includes(name)));
  const after = unwanted.map((name, index) => {
    if (!bySetup.includes(name)) return step('leave', ['managed policy', name], 'somebody else attached it');
    const stillNoted = bySetup.filter((one) => !unwanted.slice(0, index + 1).some((gone) => gone === one));
    return step('delete', ['managed policy', name], `detached from role ${names.role}: no longer asked for`, { actions: [{ call: 'detach', role: names.role, policyArn: managedPolicyArn(place, name) }, noteOf(names.role, stillNoted)] });
  });
  return { before, after };
}

/** A policy of the account may have the same name as one of AWS. */
export function isAttached(state: RoleState | undefined, place: Place, name: ManagedPolicyName): boolean {
  return state?.attached.some(({ arn }) => arn === managedPolicyArn(place, name)) === true;
}

function noteOf(role: string, attached: readonly string[]): Action {
  return attached.length === 0 ? { call: 'untag role', role, keys: [ownTags.attached] } : { call: 'tag role', role, tags: { [ownTags.attached]: attached.join(' ') } };
}
