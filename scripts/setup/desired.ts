import { fleetNames, type FleetNames, type PolicyVariant } from '../cloud/names.ts';
import type { PolicyText } from '../cloud/cloud.ts';
import { artifactsPolicy, devicePolicy, documentedPolicy, managedPolicyNames, trustPolicy, type ManagedPolicyName } from './documents.ts';
import type { Place } from './place.ts';
import { policyText, type WrittenPolicy } from './written-policy.ts';

/** What somebody wants to have for a fleet. */
export type Wish = {
  readonly fleet: string;
  readonly things: readonly string[];
  /** Others than those that `fleetNames` gives. */
  readonly names: Partial<FleetNames>;
  readonly variant: PolicyVariant;
  /** Whether SageMaker's own policy is attached, too. */
  readonly fullAccess: boolean;
  readonly prefix: string;
  readonly artifacts: readonly string[];
  /** Whether what others made may be changed beyond what has to be added. */
  readonly adopt: boolean;
};

/** The same with all names and documents. */
export type Desired = Omit<Wish, 'names'> & {
  readonly place: Place;
  readonly names: FleetNames;
  /** Those of them that somebody named. */
  readonly chosen: Partial<FleetNames>;
  readonly trust: WrittenPolicy;
  readonly inline: readonly PolicyText[];
  readonly attached: readonly ManagedPolicyName[];
};

/** How long the credentials of a device last, in seconds; they are fetched anew before. */
export const credentialSeconds = 3600;

export function desiredOf(wish: Wish, place: Place): Desired {
  const names = { ...fleetNames(wish.fleet, place), ...wish.names };
  const grants = { place, bucket: names.bucket, prefix: wish.prefix, artifacts: wish.artifacts };
  const documents = wish.variant === 'least-privilege' ? { device: devicePolicy(grants), artifacts: undefined } : { device: documentedPolicy, artifacts: artifactsPolicy(grants) };
  const own = ownPolicyNames(wish.fleet);
  const attached = [...(wish.variant === 'as-documented' ? [managedPolicyNames.fleet] : []), ...(wish.fullAccess ? [managedPolicyNames.full] : [])];
  return {
    ...wish,
    place,
    names,
    chosen: wish.names,
    trust: trustPolicy(wish.variant),
    inline: [{ name: own.device, document: policyText(documents.device) }, ...(documents.artifacts === undefined ? [] : [{ name: own.artifacts, document: policyText(documents.artifacts) }])],
    attached,
  };
}

/** Inline policies that setup writes for a fleet. No fleet has a full stop in its name, so no two fleets have one of the same name. */
export function ownPolicyNames(fleet: string): { readonly device: string; readonly artifacts: string } {
  return { device: `fescue-${fleet}`, artifacts: `fescue-${fleet}.artifacts` };
}

/** Of whatever fleet. */
export function isOwnPolicyName(name: string): boolean {
  return name.startsWith('fescue-');
}
