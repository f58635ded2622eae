import { FescueError } from '../../components/common/errors.ts';
import type { Cloud } from '../cloud/cloud.ts';
import { applySteps, type ApplyOptions } from './apply.ts';
import { checkNames } from './check-names.ts';
import { readDestroyState } from './destroy-state.ts';
import { desiredOf, type Desired, type Wish } from './desired.ts';
import { placeOf } from './place.ts';
import { planDestroy } from './plan-destroy.ts';
import { plan } from './plan.ts';
import { readState } from './state.ts';
import { changes, type Step } from './step.ts';

export type Planned = { readonly desired: Desired; readonly steps: readonly Step[]; readonly mode: 'make' | 'destroy' };

/** Looks at what there is and says what would be done; nothing is changed. @throws FescueError `invalid-argument` for names that cannot be used, CloudError */
export async function planSetup(cloud: Cloud, wish: Wish, mode: Planned['mode']): Promise<Planned> {
  const desired = desiredOf(wish, placeOf(await cloud.identity.caller(), cloud.region));
  checkNames(desired);
  const steps = mode === 'make' ? plan(await readState(cloud, desired), desired) : planDestroy(await readDestroyState(cloud, desired), desired);
  return { desired, steps, mode };
}

/** Does what was planned. @throws FescueError `failed-precondition` when something is for a person to decide first, and as `applySteps` does */
export async function applySetup({ steps }: Planned, options: ApplyOptions): Promise<void> {
  const open = conflicts(steps);
  if (open.length > 0) throw new FescueError('failed-precondition', `Nothing was changed: ${open.map(({ resource, name, why }) => `${resource} ${name}: ${why}`).join('\n')}`);
  await applySteps(steps, options);
}

export function conflicts(steps: readonly Step[]): readonly Step[] {
  return steps.filter(({ change }) => change === 'conflict');
}

export function isDone(steps: readonly Step[]): boolean {
  return !steps.some((step) => changes(step) || step.change === 'conflict');
}

/** What there is under the fleet's names, with its ARN where it has one. */
export async function inventory(cloud: Cloud, desired: Desired): Promise<Readonly<Record<string, string>>> {
  const { role, alias, bucket, group, things } = await readState(cloud, desired);
  const found = { role: role?.role.arn, 'role alias': alias?.arn, bucket: bucket && `${bucket.name} in ${bucket.region}`, 'thing group': group?.arn };
  const named = Object.entries(found).flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const]));
  return Object.fromEntries([...named, ...things.flatMap(({ name, thing }) => (thing === undefined ? [] : [[`thing ${name}`, thing.arn] as const]))]);
}
