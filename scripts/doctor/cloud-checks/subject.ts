import { CloudError } from '../../cloud/cloud-error.ts';
import type { Role } from '../../cloud/cloud.ts';
import { type FleetNames, fleetNames, ownTags, type PolicyVariant, policyVariants } from '../../cloud/names.ts';
import type { CloudContext } from '../check.ts';

/** What came of a call, where it makes a difference that it was not allowed. */
export type Attempt<Result> = { readonly value: Result; readonly denied?: undefined } | { readonly value?: undefined; readonly denied: CloudError };

export async function attempt<Result>(asked: Promise<Result>): Promise<Attempt<Result>> {
  try {
    return { value: await asked };
  } catch (error) {
    if (error instanceof CloudError && error.fault === 'access-denied') return { denied: error };
    throw error;
  }
}

export type Place = { readonly partition: string; readonly account: string; readonly region: string };

/** Where the subject is: in the caller's account, and in the device's region. */
export async function placeOf({ cloud, subject }: CloudContext): Promise<Place> {
  const { account, arn } = await cloud.identity.caller();
  return { partition: arn.split(':')[1] ?? 'aws', account, region: subject.region ?? cloud.region };
}

/** The names that somebody gave, and else those that setup chooses for the fleet. */
export async function namesOf(context: CloudContext): Promise<Partial<FleetNames>> {
  const { fleet, role, roleAlias, bucket, group } = context.subject;
  const given = Object.fromEntries(Object.entries({ role, roleAlias, bucket, group }).filter(([, name]) => name !== undefined));
  return fleet === undefined ? given : { ...fleetNames(fleet, await placeOf(context)), ...given };
}

/** @property role undefined when it is not there, or when `denied` keeps us from looking */
export type RoleInQuestion = { readonly name: string; readonly role: Role | undefined; readonly denied: CloudError | undefined };

/**
 * The role that devices are to take: the one that was named, else that of the fleet if there is one, else the one behind the
 * alias that devices use.
 */
export async function roleInQuestion(context: CloudContext): Promise<RoleInQuestion | undefined> {
  const { cloud, subject } = context;
  const { role: name } = await namesOf(context);
  const found = name === undefined ? undefined : await lookAt(context, name);
  if (found?.role !== undefined || found?.denied !== undefined || subject.role !== undefined || subject.roleAlias === undefined) return found;
  const alias = await cloud.things.roleAlias(subject.roleAlias);
  return alias === undefined ? found : lookAt(context, roleNameOf(alias.roleArn));
}

async function lookAt({ cloud }: CloudContext, name: string): Promise<RoleInQuestion> {
  const { value, denied } = await attempt(cloud.roles.get(name));
  return { name, role: value, denied };
}

/** @param arn such as `arn:aws:iam::123456789012:role/service-role/Name` */
export function roleNameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** By what a role is judged. @throws CloudError when that takes its tags, which nobody may read */
export function variantFor({ role, denied }: RoleInQuestion, { variant }: CloudContext): PolicyVariant {
  if (variant !== undefined) return variant;
  if (denied !== undefined) throw denied;
  const tag = role?.tags[ownTags.policies];
  return policyVariants.find((one) => one === tag) ?? 'as-documented';
}
