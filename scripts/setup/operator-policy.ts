import { offlineNames } from './offline-names.ts';
import { managedPolicyArn, managedPolicyNames, s3Arn } from './documents.ts';
import type { Wish } from './desired.ts';
import { partitionOf } from './place.ts';
import { policyVersion, type Statement, type WrittenPolicy } from './written-policy.ts';

/**
 * What somebody has to be allowed who runs setup, doctor and fleet for these names. AWS is not asked, so the account is any.
 *
 * @param options.region any, too, when undefined
 */
export function operatorPolicy(wish: Pick<Wish, 'fleet' | 'names'>, { region }: { region: string | undefined }): WrittenPolicy {
  const partition = partitionOf(region ?? '');
  const place = { partition, account: '*', region: region ?? '*' };
  // The digits of an account: a star would take in the buckets of fleets whose names go on, such as lobby-2.
  const names = offlineNames({ ...wish, region, place: { ...place, account: '?'.repeat(12) } });
  const iot = (path: string): string => `arn:${partition}:iot:${place.region}:*:${path}`;
  const role = `arn:${partition}:iam::*:role/${names.role}`;
  return {
    Version: policyVersion,
    Statement: [
      ...roleStatements(role, Object.values(managedPolicyNames).map((name) => managedPolicyArn(place, name))),
      allow('RoleAlias', ['iot:CreateRoleAlias', 'iot:DeleteRoleAlias', 'iot:DescribeRoleAlias', 'iot:ListTagsForResource', 'iot:TagResource', 'iot:UpdateRoleAlias'], iot(`rolealias/${names.roleAlias}`)),
      allow('Fleet', ['iot:CreateThingGroup', 'iot:DeleteThingGroup', 'iot:DescribeThingGroup', 'iot:ListTagsForResource', 'iot:ListThingsInThingGroup', 'iot:TagResource'], iot(`thinggroup/${names.group}`)),
      allow('Members', ['iot:AddThingToThingGroup'], [iot(`thinggroup/${names.group}`), iot('thing/*')]),
      allow('Things', ['iot:CreateThing', 'iot:DeleteThing', 'iot:DescribeThing', 'iot:GetThingShadow', 'iot:ListThingGroupsForThing', 'iot:ListThingPrincipals'], iot('thing/*')),
      allow('Certificates', ['iot:DescribeCertificate', 'iot:GetPolicy', 'iot:ListAttachedPolicies'], [iot('cert/*'), iot('policy/*'), iot('thinggroup/*')]),
      allow('Listings', ['iot:GetIndexingConfiguration', 'iot:ListThings', 'iot:SearchIndex'], '*'),
      allow('Bucket', bucketActions.map((action) => `s3:${action}`), s3Arn(place, names.bucket)),
      allow('CoreDevices', ['greengrass:GetCoreDevice', 'greengrass:ListInstalledComponents'], `arn:${partition}:greengrass:${place.region}:*:coreDevices:*`),
    ],
  };
}

const bucketActions = [
  'CreateBucket',
  'DeleteBucket',
  'DeleteBucketPolicy',
  'GetBucketLocation',
  'GetBucketPolicy',
  'GetBucketPublicAccessBlock',
  'GetBucketTagging',
  'GetBucketVersioning',
  'GetEncryptionConfiguration',
  'ListBucket',
  'ListBucketVersions',
  'PutBucketPolicy',
  'PutBucketPublicAccessBlock',
  'PutBucketTagging',
  'PutBucketVersioning',
  'PutEncryptionConfiguration',
];

const roleActions = ['CreateRole', 'DeleteRole', 'DeleteRolePolicy', 'DetachRolePolicy', 'GetRole', 'GetRolePolicy', 'ListAttachedRolePolicies', 'ListRolePolicies', 'PutRolePolicy', 'TagRole', 'UntagRole', 'UpdateAssumeRolePolicy'];

/** @param attachable ARNs of the policies that may be attached, and no others */
function roleStatements(role: string, attachable: readonly string[]): Statement[] {
  return [
    allow('Role', roleActions.map((action) => `iam:${action}`), role),
    { ...allow('AttachedPolicies', ['iam:AttachRolePolicy'], role), Condition: { ArnEquals: { 'iam:PolicyARN': attachable } } },
    { ...allow('PassRole', ['iam:PassRole'], role), Condition: { StringEqualsIfExists: { 'iam:PassedToService': ['iot.amazonaws.com', 'credentials.iot.amazonaws.com'] } } },
    allow('Policies', ['iam:GetPolicy', 'iam:GetPolicyVersion'], '*'),
  ];
}

function allow(sid: string, actions: readonly string[], resource: string | readonly string[]): Statement {
  return { Sid: sid, Effect: 'Allow', Action: actions, Resource: resource };
}
