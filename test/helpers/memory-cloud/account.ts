import type { Bucket, Caller, CoreDevice, Indexing, InstalledComponent, PolicyText, Tags } from '../../../scripts/cloud/cloud.ts';
import type { ShadowDocument } from '../../../scripts/local-nucleus/shadow-document.ts';
import { managedPolicies } from './managed-policies.ts';

/** What an AWS account holds in a region. Tests write to it what was there before, and read from it what came of it. */
export type Account = {
  readonly id: string;
  readonly region: string;
  caller: Caller;
  readonly roles: Map<string, StoredRole>;
  /** By ARN. */
  readonly managedPolicies: Map<string, PolicyText>;
  readonly roleAliases: Map<string, { roleArn: string; credentialSeconds: number; tags: Tags }>;
  readonly things: Map<string, StoredThing>;
  readonly groups: Map<string, StoredGroup>;
  /** Their status, by ARN. */
  readonly certificates: Map<string, string>;
  /** By name; `targets` are ARNs of certificates and thing groups. */
  readonly iotPolicies: Map<string, StoredIotPolicy>;
  indexing: Indexing | undefined;
  readonly buckets: Map<string, StoredBucket>;
  /** By thing, and then by the shadow's name. */
  readonly shadows: Map<string, Map<string, StoredShadow>>;
  readonly cores: Map<string, CoreDevice & { components: readonly InstalledComponent[] }>;
};

export type StoredRole = { description: string; trust: string; tags: Tags; boundary?: string; attached: Set<string>; inline: Map<string, string>; instanceProfiles?: readonly string[] };
export type StoredThing = { attributes: Tags; principals: Set<string>; isConnected?: boolean };
export type StoredGroup = { description: string; tags: Tags; members: Set<string>; parent?: string };
export type StoredIotPolicy = { document: string; targets: Set<string> };
/** Without `owner` it belongs to the account. `objects` are keys, `olderVersions` such that only a listing of versions shows. */
export type StoredBucket = { -readonly [Key in keyof Omit<Bucket, 'name'>]: Bucket[Key] } & { owner?: string; objects: Set<string>; olderVersions: Set<string> };
/** A deleted shadow is without document, and goes on counting. */
export type StoredShadow = { document: Pick<ShadowDocument, 'state' | 'metadata'> | undefined; version: number };

/** An account in which nothing was made yet. */
export function emptyAccount({ id = '123456789012', region = 'eu-west-1' }: { id?: string; region?: string } = {}): Account {
  return {
    id,
    region,
    caller: { account: id, arn: `arn:aws:iam::${id}:user/ada` },
    roles: new Map(),
    managedPolicies: new Map(managedPolicies.map((policy) => [policy.arn, { name: policy.name, document: JSON.stringify(policy.document) }])),
    roleAliases: new Map(),
    things: new Map(),
    groups: new Map(),
    certificates: new Map(),
    iotPolicies: new Map(),
    indexing: undefined,
    buckets: new Map(),
    shadows: new Map(),
    cores: new Map(),
  };
}

/** A bucket as S3 makes one today. */
export function newBucket(region: string): StoredBucket {
  return { region, tags: {}, encryption: 'AES256', versioning: undefined, isPrivate: true, policy: undefined, objects: new Set(), olderVersions: new Set() };
}

export function roleArn({ id }: Account, role: string): string {
  return `arn:aws:iam::${id}:role/${role}`;
}
