import type { Role } from '../cloud/cloud.ts';
import { ownTags } from '../cloud/names.ts';
import type { Desired } from './desired.ts';
import { diffLines } from './diff.ts';
import { isAttached, planAttached } from './plan-attached.ts';
import { planInline } from './plan-inline.ts';
import { planTrust, principals } from './plan-trust.ts';
import { attachedBySetup, missingTags, roleTags, tagsText } from './role-tags.ts';
import { isOwnRole, type RoleState } from './state.ts';
import { step, type Step } from './step.ts';
import { policyText } from './written-policy.ts';

/** The role of the devices with all that is on it. What setup attached is noted in the tags before, and until it is detached. */
export function planRole(state: RoleState | undefined, desired: Desired, { isMakingBucket }: { isMakingBucket: boolean }): readonly Step[] {
  if (state === undefined) return newRole(desired, { isMakingBucket });
  const { role } = state;
  const isOwn = isOwnRole(role, desired.fleet);
  const owner = role.tags[ownTags.fleet];
  const collision = collisionOf(role, desired);
  if (collision !== undefined) return [step('conflict', ['role', role.name], collision)];
  // What somebody else attached is not setup's to detach later.
  const own = desired.attached.filter((name) => isOwn || !isAttached(state, desired.place, name));
  const tags = missingTags(roleTags(desired, { owner, attached: [...attachedBySetup(role.tags), ...own], isMakingBucket }), role.tags);
  const attached = planAttached(state, desired);
  return [
    step('keep', ['role', role.name], isOwn ? role.arn : `${role.arn}, which ${ownerOf(role.tags)}: only what is missing is added`),
    ...(Object.keys(tags).length === 0 ? [] : [step('change', ['tags', role.name], tagsText(tags), { actions: [{ call: 'tag role', role: role.name, tags }] })]),
    planTrust(role, { variant: desired.variant, isOwn }),
    ...attached.before,
    ...planInline(state, desired, { isOwn }),
    ...attached.after,
  ];
}

/** Why the role is meant for something else, and what to do. */
function collisionOf({ name, tags }: Role, { fleet, place, chosen }: Desired): string | undefined {
  const [owner, region] = [tags[ownTags.fleet], tags[ownTags.region]];
  if (owner === undefined) return undefined;
  if (owner !== fleet) return chosen.role === undefined ? `setup made it for fleet ${owner}, whose name begins alike. Name another role with --role, or share this one with --role ${name}.` : undefined;
  return region === undefined || region === place.region ? undefined : `setup made it for this fleet in ${region}, and its devices would lose their rights there. Name that region with --region, or for the same fleet in ${place.region} another role with --role.`;
}

function newRole(desired: Desired, { isMakingBucket }: { isMakingBucket: boolean }): Step[] {
  const { names, fleet, variant, trust, inline } = desired;
  const tags = roleTags(desired, { owner: fleet, attached: desired.attached, isMakingBucket });
  const create = { call: 'create role', role: names.role, description: `What devices of the Fescue fleet ${fleet} may do in AWS`, trust: policyText(trust), tags } as const;
  return [
    step('create', ['role', names.role], `trusts ${principals(variant)}; tags ${tagsText(tags)}`, { diff: diffLines(undefined, create.trust), actions: [create] }),
    ...planAttached(undefined, desired).before,
    ...inline.map((policy) => step('create', ['inline policy', policy.name], `of role ${names.role}`, { diff: diffLines(undefined, policy.document), actions: [{ call: 'put inline', role: names.role, policy }] })),
  ];
}

function ownerOf(tags: Readonly<Record<string, string>>): string {
  const fleet = tags[ownTags.fleet];
  return fleet === undefined ? 'setup did not make' : `setup made for fleet ${fleet}`;
}
