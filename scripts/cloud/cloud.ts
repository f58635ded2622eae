/**
 * What Fescue asks of AWS, in its own words. What is not there is `undefined`, or empty where a list is asked for; deleting,
 * detaching and removing it succeeds, and changing it is `not-found`. Every other failure rejects with a CloudError, too.
 * Names are checked before they come here (see `names.ts`). Calls that AWS throttles, or that are lost on their way, are tried
 * again for a while before they fail; all others are made once. Each takes a bounded time.
 */
export type Cloud = {
  readonly region: string;
  readonly identity: IdentityService;
  readonly roles: RoleService;
  readonly things: ThingService;
  readonly buckets: BucketService;
  readonly shadows: ShadowService;
  readonly cores: CoreService;
  close(): void;
};

export type Tags = Readonly<Record<string, string>>;

/** STS. */
export type IdentityService = {
  caller(): Promise<Caller>;
};

/** @example { account: '123456789012', arn: 'arn:aws:iam::123456789012:user/ada' } */
export type Caller = { readonly account: string; readonly arn: string };

/** IAM. */
export type RoleService = {
  get(role: string): Promise<Role | undefined>;
  /** @throws CloudError `already-exists`, `limit-exceeded` when the trust policy is too long */
  create(role: { readonly name: string; readonly description: string; readonly trust: string; readonly tags: Tags }): Promise<Role>;
  setTrust(role: string, trust: string): Promise<void>;
  tag(role: string, tags: Tags): Promise<void>;
  untag(role: string, keys: readonly string[]): Promise<void>;
  /** @throws CloudError `conflict` while it has policies, attached or inline, or is in an instance profile */
  delete(role: string): Promise<void>;

  attachedPolicies(role: string): Promise<readonly AttachedPolicy[]>;
  attach(role: string, policyArn: string): Promise<void>;
  detach(role: string, policyArn: string): Promise<void>;
  /** The default version of a managed policy. */
  managedPolicy(policyArn: string): Promise<PolicyText | undefined>;

  inlinePolicies(role: string): Promise<readonly PolicyText[]>;
  /** @throws CloudError `limit-exceeded` when all of them together are too long */
  putInline(role: string, policy: PolicyText): Promise<void>;
  deleteInline(role: string, policy: string): Promise<void>;
};

export type Role = {
  readonly name: string;
  readonly arn: string;
  /** The trust policy as JSON text; IAM's URL encoding is taken off. */
  readonly trust: string;
  readonly tags: Tags;
  /** ARN of a managed policy that limits what the others allow. */
  readonly boundary: string | undefined;
};
export type AttachedPolicy = { readonly name: string; readonly arn: string };
/** A policy and its document as JSON text; IAM's URL encoding is taken off. Also one of IoT Core, which has IAM's grammar. */
export type PolicyText = { readonly name: string; readonly document: string };

/** IoT Core's registry. */
export type ThingService = {
  roleAlias(alias: string): Promise<RoleAlias | undefined>;
  /** @throws CloudError `already-exists` */
  createRoleAlias(alias: { readonly alias: string; readonly roleArn: string; readonly credentialSeconds: number; readonly tags: Tags }): Promise<void>;
  setRoleOfAlias(alias: string, roleArn: string): Promise<void>;
  deleteRoleAlias(alias: string): Promise<void>;

  thing(name: string): Promise<Thing | undefined>;
  /** Nothing happens when there is one with the same attributes. @throws CloudError `already-exists` when they are others */
  createThing(thing: { readonly name: string; readonly attributes: Tags }): Promise<void>;
  /** @throws CloudError `conflict` while certificates are attached */
  deleteThing(name: string): Promise<void>;
  /** Names of the things with this value of an attribute, page by page. */
  thingsWith(attribute: { readonly name: string; readonly value: string }): AsyncIterable<readonly string[]>;
  /** ARNs of the certificates, or ids of Cognito, that may connect as this thing. */
  principalsOf(thing: string): Promise<readonly string[]>;
  /** Undefined for a principal that is no certificate, too. */
  certificate(principalArn: string): Promise<Certificate | undefined>;
  /** The IoT policies of a certificate, or of a thing group and those above it, by ARN; each in the version that counts. */
  policiesOf(targetArn: string): Promise<readonly PolicyText[]>;

  group(name: string): Promise<ThingGroup | undefined>;
  /** @throws CloudError `already-exists` when there is one that is different */
  createGroup(group: { readonly name: string; readonly description: string; readonly tags: Tags }): Promise<void>;
  /** Its things stay. @throws CloudError `conflict` while there are groups below it */
  deleteGroup(name: string): Promise<void>;
  groupsOf(thing: string): Promise<readonly string[]>;
  addToGroup(thing: string, group: string): Promise<void>;
  removeFromGroup(thing: string, group: string): Promise<void>;
  /** Names of the groups below one, at any depth. */
  subgroups(group: string): Promise<readonly string[]>;
  /** Names of the things in a group and the groups below it, page by page. */
  members(group: string): AsyncIterable<readonly string[]>;

  /** What fleet indexing covers; undefined while it is off. */
  indexing(): Promise<Indexing | undefined>;
  /** Things by an index query such as `thingGroupNames:lobby`, page by page. @throws CloudError `refused` while indexing is off */
  search(query: string): AsyncIterable<readonly IndexedThing[]>;
};

export type RoleAlias = { readonly alias: string; readonly arn: string; readonly roleArn: string; readonly credentialSeconds: number; readonly tags: Tags };
export type Thing = { readonly name: string; readonly arn: string; readonly attributes: Tags };
export type ThingGroup = { readonly name: string; readonly arn: string; readonly tags: Tags };
/** `isActive`: devices may connect with it; `status` says why not, as IoT Core calls it. @example { id: '4ad6…', status: 'REVOKED', isActive: false } */
export type Certificate = { readonly id: string; readonly status: string; readonly isActive: boolean };
/** `namedShadows` are those indexed, by name; none unless named shadows are indexed at all. */
export type Indexing = { readonly namedShadows: readonly string[]; readonly connectivity: boolean };
/** @property groups those it is in itself @property shadow the indexed shadows as JSON text, named ones below `name` */
export type IndexedThing = { readonly name: string; readonly groups: readonly string[]; readonly shadow: string | undefined; readonly isConnected: boolean | undefined };

/** S3, as far as a bucket itself goes. */
export type BucketService = {
  /** @throws CloudError `access-denied` when it is somebody else's, too */
  get(bucket: string): Promise<Bucket | undefined>;
  /** In the region of this cloud. @throws CloudError `already-exists`, whoever owns it (us-east-1 lets one's own pass) */
  create(bucket: string): Promise<void>;
  setTags(bucket: string, tags: Tags): Promise<void>;
  /** With keys of S3 (SSE-S3). */
  encrypt(bucket: string): Promise<void>;
  blockPublicAccess(bucket: string): Promise<void>;
  setVersioning(bucket: string, state: 'Enabled' | 'Suspended'): Promise<void>;
  /** The whole of the bucket's own policy, as JSON text. */
  setPolicy(bucket: string, document: string): Promise<void>;
  deletePolicy(bucket: string): Promise<void>;
  /** Whether it holds no object, and no version of one. */
  isEmpty(bucket: string): Promise<boolean>;
  /** @throws CloudError `conflict` while it is not empty */
  delete(bucket: string): Promise<void>;
};

export type Bucket = {
  readonly name: string;
  readonly region: string;
  readonly tags: Tags;
  readonly encryption: 'AES256' | 'aws:kms' | 'aws:kms:dsse' | undefined;
  readonly versioning: 'Enabled' | 'Suspended' | undefined;
  /** Whether all four blocks of public access are on. */
  readonly isPrivate: boolean;
  /** The bucket's own policy as JSON text. */
  readonly policy: string | undefined;
};

/** IoT Core's device shadows. */
export type ShadowService = {
  /** The document as JSON text. */
  get(thing: string, shadow: string): Promise<string | undefined>;
  /** @throws CloudError `conflict` when the document names a version that is not the current one, `limit-exceeded` when it is too large */
  update(thing: string, shadow: string, document: string): Promise<void>;
  delete(thing: string, shadow: string): Promise<void>;
};

/** Greengrass V2, as the cloud sees core devices. */
export type CoreService = {
  get(thing: string): Promise<CoreDevice | undefined>;
  installedComponents(thing: string): Promise<readonly InstalledComponent[]>;
};

export type CoreDevice = { readonly thing: string; readonly nucleusVersion: string; readonly status: 'HEALTHY' | 'UNHEALTHY'; readonly lastSeen: Date | undefined };
export type InstalledComponent = { readonly name: string; readonly version: string; readonly state: string; readonly isRoot: boolean };
