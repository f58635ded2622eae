import { stringify } from 'yaml';
import type { Tags } from '../cloud/cloud.ts';
import { ownTags, ownThingAttribute } from '../cloud/names.ts';
import { credentialSeconds, desiredOf, type Desired, type Wish } from './desired.ts';
import { managedPolicyArn, tlsOnlyStatement } from './documents.ts';
import { offlineNames } from './offline-names.ts';
import { policyVersion } from './written-policy.ts';
import { roleTags } from './role-tags.ts';

export type Template = { readonly AWSTemplateFormatVersion: string; readonly Description: string; readonly Metadata: object; readonly Resources: Readonly<Record<string, TemplateResource>>; readonly Outputs: object };
export type TemplateResource = { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>>; readonly [key: string]: unknown };

/** CloudFormation puts these in. */
const parameters = { partition: '${AWS::Partition}', account: '${AWS::AccountId}', region: '${AWS::Region}' };

/**
 * What setup would make, for CloudFormation. AWS is not asked.
 *
 * @param options.region in which the stack will be; needed only for a fleet with a long name
 */
export function templateOf(wish: Wish, { region }: { region: string | undefined }): Template {
  const names = offlineNames({ ...wish, region, place: parameters });
  const desired = desiredOf({ ...wish, names }, parameters);
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `What the Fescue fleet ${wish.fleet} needs in AWS`,
    Metadata: { Fescue: { Fleet: wish.fleet, Policies: wish.variant, NotInThisTemplate: missing(desired) } },
    Resources: { DeviceRole: deviceRole(desired), RoleAlias: roleAlias(desired), CaptureBucket: bucket(desired), CaptureBucketPolicy: bucketPolicy(desired), Fleet: fleetGroup(desired), ...things(desired) },
    Outputs: {
      RoleArn: { Value: { 'Fn::GetAtt': ['DeviceRole', 'Arn'] } },
      RoleAliasArn: { Value: { 'Fn::GetAtt': ['RoleAlias', 'RoleAliasArn'] } },
      BucketName: { Value: { Ref: 'CaptureBucket' } },
      FleetArn: { Value: { 'Fn::GetAtt': ['Fleet', 'Arn'] } },
      NextStep: { Description: missing(desired), Value: nextStep(desired) },
    },
  };
  return withParameters(template) as Template;
}

/** In YAML 1.1, as CloudFormation reads it: there, a version that is not quoted is a date. */
export function templateText(template: Template, format: 'yaml' | 'json'): string {
  return format === 'json' ? `${JSON.stringify(template, null, 2)}\n` : stringify(template, { lineWidth: 0, version: '1.1' });
}

function missing({ things, names }: Desired): string {
  return things.length === 0 ? 'Things, and their membership in the group.' : `The membership of things in the group ${names.group}, which CloudFormation cannot make: the next step does.`;
}

function nextStep({ fleet, things }: Desired): string {
  return `fescue setup --fleet ${fleet}${things.map((thing) => ` --thing ${thing}`).join('')} --apply`;
}

function deviceRole(desired: Desired): TemplateResource {
  const { names, trust, inline, attached, place, fleet } = desired;
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName: names.role,
      Description: `What devices of the Fescue fleet ${fleet} may do in AWS`,
      AssumeRolePolicyDocument: trust,
      ManagedPolicyArns: attached.map((name) => managedPolicyArn(place, name)),
      Policies: inline.map(({ name, document }) => ({ PolicyName: name, PolicyDocument: JSON.parse(document) as unknown })),
      Tags: tagList(roleTags(desired, { owner: fleet, attached, isMakingBucket: false })),
    },
  };
}

function roleAlias({ names, fleet }: Desired): TemplateResource {
  return { Type: 'AWS::IoT::RoleAlias', Properties: { RoleAlias: names.roleAlias, RoleArn: { 'Fn::GetAtt': ['DeviceRole', 'Arn'] }, CredentialDurationSeconds: credentialSeconds, Tags: fleetTags(fleet) } };
}

/** Captures outlive the stack. */
function bucket({ names, fleet }: Desired): TemplateResource {
  return {
    Type: 'AWS::S3::Bucket',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: names.bucket,
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
      VersioningConfiguration: { Status: 'Enabled' },
      Tags: fleetTags(fleet),
    },
  };
}

function bucketPolicy({ names, place }: Desired): TemplateResource {
  return { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: { Ref: 'CaptureBucket' }, PolicyDocument: { Version: policyVersion, Statement: [tlsOnlyStatement(place, names.bucket)] } } };
}

function fleetGroup({ names, fleet }: Desired): TemplateResource {
  return { Type: 'AWS::IoT::ThingGroup', Properties: { ThingGroupName: names.group, ThingGroupProperties: { ThingGroupDescription: `Devices of the Fescue fleet ${fleet}` }, Tags: fleetTags(fleet) } };
}

/** Names of things have no capitals, those of resources no dashes. */
function things({ things: names, fleet }: Desired): Record<string, TemplateResource> {
  return Object.fromEntries(names.map((name) => [`Thing${name.replaceAll('-', 'D')}`, { Type: 'AWS::IoT::Thing', Properties: { ThingName: name, AttributePayload: { Attributes: { [ownThingAttribute]: fleet } } } }]));
}

function fleetTags(fleet: string): object {
  return tagList({ [ownTags.fleet]: fleet });
}

function tagList(tags: Tags): object {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** CloudFormation looks for its parameters only where it is told to. */
function withParameters(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('${AWS::') ? { 'Fn::Sub': value } : value;
  if (Array.isArray(value)) return value.map(withParameters);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withParameters(inner)]));
}
