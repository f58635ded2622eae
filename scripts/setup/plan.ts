import type { Desired } from './desired.ts';
import { planAlias } from './plan-alias.ts';
import { planBucket } from './plan-bucket.ts';
import { planRole } from './plan-role.ts';
import { planGroup, planThing } from './plan-things.ts';
import { isOwnBucket, type State } from './state.ts';
import type { Step } from './step.ts';
import { ownTags } from '../cloud/names.ts';

/** What it takes from what there is to what is wanted: each step needs no more than those before it. */
export function plan(state: State, desired: Desired): readonly Step[] {
  const { names, place, fleet } = desired;
  const role = state.role?.role;
  const isMakingBucket = state.bucket === undefined || (isOwnBucket(state.bucket, { fleet, role }) && state.bucket.tags[ownTags.fleet] === undefined);
  return [
    ...planRole(state.role, desired, { isMakingBucket }),
    planAlias(state.alias, desired, { roleArn: role?.arn ?? `arn:${place.partition}:iam::${place.account}:role/${names.role}` }),
    ...planBucket(state.bucket, desired, { role }),
    planGroup(state.group, desired),
    ...state.things.flatMap((thing) => planThing(thing, desired)),
  ];
}
