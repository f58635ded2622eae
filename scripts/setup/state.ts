import type { AttachedPolicy, Bucket, Cloud, PolicyText, Role, RoleAlias, RoleService, Thing, ThingGroup } from '../cloud/cloud.ts';
import { ownTags, ownThingAttribute } from '../cloud/names.ts';
import type { Desired } from './desired.ts';

/** What there is in AWS under the names of a fleet. */
export type State = {
  readonly role: RoleState | undefined;
  readonly alias: RoleAlias | undefined;
  readonly bucket: Bucket | undefined;
  readonly group: ThingGroup | undefined;
  readonly things: readonly ThingState[];
};

export type RoleState = {
  readonly role: Role;
  readonly attached: readonly AttachedPolicy[];
  readonly inline: readonly PolicyText[];
  /** Documents of what is attached. */
  readonly managed: readonly PolicyText[];
  readonly boundary: PolicyText | undefined;
};

export type ThingState = { readonly name: string; readonly thing: Thing | undefined; readonly isInGroup: boolean };

export async function readState(cloud: Cloud, desired: Desired): Promise<State> {
  const { names, things } = desired;
  return {
    role: await readRole(cloud, names.role),
    alias: await cloud.things.roleAlias(names.roleAlias),
    bucket: await cloud.buckets.get(names.bucket),
    group: await cloud.things.group(names.group),
    things: await readThings(cloud, { things, group: names.group }),
  };
}

async function readRole({ roles }: Cloud, name: string): Promise<RoleState | undefined> {
  const role = await roles.get(name);
  if (role === undefined) return undefined;
  const attached = await roles.attachedPolicies(name);
  const inline = await roles.inlinePolicies(name);
  const documents: PolicyText[] = [];
  for (const { arn } of attached) documents.push(...(await managedDocument(roles, arn)));
  const [boundary] = role.boundary === undefined ? [] : await managedDocument(roles, role.boundary);
  return { role, attached, inline, managed: documents, boundary };
}

/** None when it went away meanwhile. */
async function managedDocument(roles: RoleService, arn: string): Promise<PolicyText[]> {
  const policy = await roles.managedPolicy(arn);
  return policy === undefined ? [] : [policy];
}

async function readThings({ things }: Cloud, { things: names, group }: { things: readonly string[]; group: string }): Promise<ThingState[]> {
  const states: ThingState[] = [];
  for (const name of names) {
    const thing = await things.thing(name);
    const isInGroup = thing !== undefined && (await things.groupsOf(name)).includes(group);
    states.push({ name, thing, isInGroup });
  }
  return states;
}

export function isOwnRole({ tags }: Role, fleet: string): boolean {
  return tags[ownTags.fleet] === fleet;
}

export function isOwnThing({ attributes }: Thing, fleet: string): boolean {
  return attributes[ownThingAttribute] === fleet;
}

/** By its tag, or, as long as it has none, by what the role says that setup is making. */
export function isOwnBucket({ name, tags }: Bucket, { fleet, role }: { fleet: string; role: Role | undefined }): boolean {
  if (tags[ownTags.fleet] !== undefined) return tags[ownTags.fleet] === fleet;
  return Object.keys(tags).length === 0 && role?.tags[ownTags.bucket] === name;
}
