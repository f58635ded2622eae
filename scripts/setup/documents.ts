import type { PolicyVariant } from '../cloud/names.ts';
import type { Place } from './place.ts';
import { policyVersion, type WrittenPolicy, type Statement } from './written-policy.ts';

/** Statements that setup adds to policies of others, by which it finds them again. */
export const ownSids = { credentials: 'FescueCredentials', sageMaker: 'FescueSageMaker', tlsOnly: 'FescueTlsOnly' } as const;

/** Through which a Greengrass device gets credentials, in all partitions. */
const credentialsPrincipal = 'credentials.iot.amazonaws.com';
const sageMakerPrincipal = 'sagemaker.amazonaws.com';

/** Who has to be able to take the role, and the statement that setup adds where somebody else's role misses one. */
export type Trusted = { readonly principal: string; readonly statement: Statement };

export function trustedBy(variant: PolicyVariant): readonly Trusted[] {
  const device = { principal: credentialsPrincipal, statement: trustStatement(credentialsPrincipal, ownSids.credentials) };
  return variant === 'least-privilege' ? [device] : [device, { principal: sageMakerPrincipal, statement: trustStatement(sageMakerPrincipal, ownSids.sageMaker) }];
}

/** The trust policy of a role that setup makes; as documented, it is the document's to the letter. */
export function trustPolicy(variant: PolicyVariant): WrittenPolicy {
  const statements = variant === 'least-privilege' ? trustedBy(variant).map(({ statement }) => statement) : trustedBy(variant).map(({ principal }) => trustStatement(principal));
  return { Version: policyVersion, Statement: statements };
}

function trustStatement(service: string, sid?: string): Statement {
  return { ...(sid === undefined ? {} : { Sid: sid }), Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
}

export const documentedActions = ['greengrass:CreateComponentVersion', 'greengrass:DescribeComponent'] as const;

/** The inline policy that the prerequisites ask for. */
export const documentedPolicy: WrittenPolicy = {
  Version: policyVersion,
  Statement: [{ Sid: 'GreengrassComponentAccess', Effect: 'Allow', Action: documentedActions, Resource: '*' }],
};

export type Grants = {
  readonly place: Place;
  readonly bucket: string;
  /** Under which captures lie in the bucket, without a slash at its end. */
  readonly prefix: string;
  /** Bucket, or bucket and prefix, of artifacts that do not lie under `dev.fescue.` in the fleet's bucket. */
  readonly artifacts: readonly string[];
};

/** What a device needs: to deliver captures, to fetch the artifacts of components, to write the logs of Greengrass. */
export function devicePolicy(grants: Grants): WrittenPolicy {
  const { place, bucket, prefix } = grants;
  const bucketArn = s3Arn(place, bucket);
  return {
    Version: policyVersion,
    Statement: [
      { Sid: 'Captures', Effect: 'Allow', Action: 's3:PutObject', Resource: `${bucketArn}/${prefix}/*` },
      { Sid: 'BucketLocation', Effect: 'Allow', Action: 's3:GetBucketLocation', Resource: listOf([bucketArn, ...artifactBuckets(grants)]) },
      { Sid: 'Artifacts', Effect: 'Allow', Action: 's3:GetObject', Resource: listOf([`${bucketArn}/dev.fescue.*`, ...artifactObjects(grants)]) },
      { Sid: 'Logs', Effect: 'Allow', Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'], Resource: `arn:${place.partition}:logs:${place.region}:${place.account}:log-group:/aws/greengrass/*` },
    ],
  };
}

/** Beside the document's policy, which lets a device fetch no artifacts; undefined where none were named. */
export function artifactsPolicy(grants: Grants): WrittenPolicy | undefined {
  if (grants.artifacts.length === 0) return undefined;
  return {
    Version: policyVersion,
    Statement: [
      { Sid: 'BucketLocation', Effect: 'Allow', Action: 's3:GetBucketLocation', Resource: listOf(artifactBuckets(grants)) },
      { Sid: 'Artifacts', Effect: 'Allow', Action: 's3:GetObject', Resource: listOf(artifactObjects(grants)) },
    ],
  };
}

function artifactBuckets({ place, artifacts }: Grants): string[] {
  return artifacts.map((location) => s3Arn(place, location.split('/')[0] ?? ''));
}

function artifactObjects({ place, artifacts }: Grants): string[] {
  return artifacts.map((location) => `${s3Arn(place, location)}${location.includes('/') ? '' : '/'}*`);
}

/** A word where one suffices; what is named twice counts once. */
function listOf(words: readonly string[]): string | readonly string[] {
  const [first = '', ...others] = new Set(words);
  return others.length === 0 ? first : [first, ...others];
}

/** Of the bucket: who comes without TLS is refused, whatever else is allowed. */
export function tlsOnlyStatement(place: Place, bucket: string): Statement {
  const bucketArn = s3Arn(place, bucket);
  return { Sid: ownSids.tlsOnly, Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: [bucketArn, `${bucketArn}/*`], Condition: { Bool: { 'aws:SecureTransport': 'false' } } };
}

export function s3Arn({ partition }: Place, path: string): string {
  return `arn:${partition}:s3:::${path}`;
}

/** Policies of AWS that the prerequisites name. */
export const managedPolicyNames = { fleet: 'AmazonSageMakerEdgeDeviceFleetPolicy', full: 'AmazonSageMakerFullAccess' } as const;
export type ManagedPolicyName = (typeof managedPolicyNames)[keyof typeof managedPolicyNames];

export function managedPolicyArn({ partition }: Place, name: ManagedPolicyName): string {
  return `arn:${partition}:iam::aws:policy/${name === managedPolicyNames.fleet ? 'service-role/' : ''}${name}`;
}
