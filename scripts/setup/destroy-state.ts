import type { Cloud } from '../cloud/cloud.ts';
import { ownThingAttribute } from '../cloud/names.ts';
import type { Desired } from './desired.ts';
import { readState, type State } from './state.ts';

/** What matters beyond `State` when all of it goes. */
export type DestroyState = State & {
  /** All that setup made for the fleet, with the certificates attached to them. */
  readonly ownThings: readonly { readonly name: string; readonly certificates: readonly string[] }[];
  readonly memberCount: number;
  readonly isBucketEmpty: boolean;
};

export async function readDestroyState(cloud: Cloud, desired: Desired): Promise<DestroyState> {
  const state = await readState(cloud, { ...desired, things: [] });
  const ownThings: { name: string; certificates: readonly string[] }[] = [];
  for await (const page of cloud.things.thingsWith({ name: ownThingAttribute, value: desired.fleet })) {
    for (const name of page) ownThings.push({ name, certificates: await cloud.things.principalsOf(name) });
  }
  let memberCount = 0;
  if (state.group !== undefined) for await (const page of cloud.things.members(desired.names.group)) memberCount += page.length;
  return { ...state, ownThings, memberCount, isBucketEmpty: state.bucket === undefined || (await cloud.buckets.isEmpty(desired.names.bucket)) };
}
