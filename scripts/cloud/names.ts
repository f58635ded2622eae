/** A name that AWS, or the prerequisites, may refuse. */
export type NameRule = { readonly regex: RegExp; readonly expected: string };

/** The prerequisites ask more of a thing's name than IoT Core does: it is also the device's name, and part of keys in S3. */
export const thingNameRule: NameRule = { regex: /^[a-z0-9](?:-*[a-z0-9]){0,62}$/, expected: 'at most 63 lowercase letters, digits and inner dashes' };
/** IAM takes more; the prerequisites ask for the prefix, by which AmazonSageMakerFullAccess lets SageMaker take the role. */
export const roleNameRule: NameRule = { regex: /^SageMaker[\w+=,.@-]{0,55}$/, expected: 'SageMaker and up to 55 letters, digits and _+=,.@-' };
export const roleAliasRule: NameRule = { regex: /^[\w=,@-]{1,128}$/, expected: 'at most 128 letters, digits and _=,@-' };
export const fleetNameRule: NameRule = { regex: /^[a-zA-Z0-9](?:[-_]*[a-zA-Z0-9]){0,62}$/, expected: 'at most 63 letters, digits and inner dashes and underscores' };
/** Of S3 and of the original agent at once; see `BucketNameRule` for others. */
export const bucketNameRule: NameRule = { regex: /^(?=.*sagemaker)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, expected: '3 to 63 lowercase letters, digits, dots and dashes, with sagemaker in it' };

/** The names of what a fleet needs in AWS, where nobody chose others. */
export type FleetNames = { readonly role: string; readonly roleAlias: string; readonly bucket: string; readonly group: string };

/** @param place for the bucket's name, which is unique in all of AWS */
export function fleetNames(fleet: string, place: { readonly account: string; readonly region: string }): FleetNames {
  return {
    role: `SageMakerFescue-${fleet}`.slice(0, 64),
    // As the original called it.
    roleAlias: `SageMakerEdge-${fleet}`,
    bucket: bucketNameOf(fleet, place),
    group: fleet,
  };
}

function bucketNameOf(fleet: string, { account, region }: { account: string; region: string }): string {
  const end = `-${account}-${region}`;
  const start = `sagemaker-${fleet.toLowerCase().replaceAll('_', '-')}`;
  return `${start.slice(0, 63 - end.length).replace(/-+$/, '')}${end}`;
}

/** What `fescue setup` leaves on everything it makes, so that it finds it again. */
export const ownTags = {
  /** The fleet it was made for. */
  fleet: 'fescue:fleet',
  /** Of a role: the region it was made for. A role is of all regions, and what it leads to of one. */
  region: 'fescue:region',
  /** `least-privilege` or `as-documented`: by which of them the role is to be judged. */
  policies: 'fescue:policies',
  /** Of a role: names of the managed policies that setup attached, with spaces between. */
  attached: 'fescue:attached',
  /** Of a role: the bucket that setup makes, written before it does; a bucket has no tags in the moment it is made. */
  bucket: 'fescue:bucket',
} as const;

/** A thing has attributes in place of tags, whose names hold no colon. */
export const ownThingAttribute = 'fescue-fleet';

export const policyVariants = ['least-privilege', 'as-documented'] as const;
export type PolicyVariant = (typeof policyVariants)[number];
