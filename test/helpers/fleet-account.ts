import type { CheckStatus, Subject, Verdict } from '../../scripts/doctor/check.ts';
import { cloudChecks } from '../../scripts/doctor/cloud-checks/cloud-checks.ts';
import { rememberCloud } from '../../scripts/doctor/remember-cloud.ts';
import { runChecks } from '../../scripts/doctor/run-checks.ts';
import { ownTags, type PolicyVariant } from '../../scripts/cloud/names.ts';
import { type Account, emptyAccount, newBucket, type StoredBucket, type StoredRole } from './memory-cloud/account.ts';
import { type MemoryCloud, memoryCloud } from './memory-cloud.ts';

export const fleetPolicyArn = 'arn:aws:iam::aws:policy/service-role/AmazonSageMakerEdgeDeviceFleetPolicy';
export const roleName = 'SageMakerFescue-lobby';
export const bucketName = 'sagemaker-lobby-123456789012-eu-west-1';
export const certificateArn = 'arn:aws:iot:eu-west-1:123456789012:cert/abc';
export const subject: Subject = { fleet: 'lobby', thing: 'camera-1' };

/** An account in which all is right, with the parts that tests break within reach. */
export type FleetAccount = { readonly account: Account; readonly cloud: MemoryCloud; readonly role: StoredRole; readonly bucket: StoredBucket };

export function policyText(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

export function trustText(...services: readonly string[]): string {
  return policyText(...services.map((Service) => ({ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' })));
}

/** What there is after somebody followed the prerequisites, or let setup make the other variant. */
export function fleetAccount(variant: PolicyVariant = 'as-documented'): FleetAccount {
  const account = emptyAccount();
  const role = variant === 'as-documented' ? documentedRole() : strictRole();
  const bucket: StoredBucket = { ...newBucket('eu-west-1'), versioning: 'Enabled' };
  account.roles.set(roleName, role);
  account.buckets.set(bucketName, bucket);
  account.roleAliases.set('SageMakerEdge-lobby', { roleArn: `arn:aws:iam::123456789012:role/${roleName}`, credentialSeconds: 3600, tags: {} });
  account.things.set('camera-1', { attributes: {}, principals: new Set([certificateArn]) });
  provision(account, certificateArn);
  account.groups.set('lobby', { description: '', tags: {}, members: new Set(['camera-1']) });
  account.cores.set('camera-1', { thing: 'camera-1', nucleusVersion: '2.12.6', status: 'HEALTHY', lastSeen: new Date(), components: [{ name: 'aws.greengrass.Nucleus', version: '2.12.6', state: 'FINISHED', isRoot: false }, { name: 'dev.fescue.Inference', version: '0.1.0', state: 'RUNNING', isRoot: true }] });
  return { account, cloud: memoryCloud({ account }), role, bucket };
}

/** What the installer of Greengrass makes for a certificate. */
export function provision(account: Account, arn: string): void {
  account.certificates.set(arn, 'ACTIVE');
  account.iotPolicies.set('GreengrassV2IoTThingPolicy', { document: policyText({ Effect: 'Allow', Action: ['iot:Publish', 'iot:Subscribe', 'iot:Receive', 'iot:Connect', 'greengrass:*'], Resource: ['*'] }), targets: new Set([arn]) });
  account.iotPolicies.set('GreengrassTESCertificatePolicySageMakerEdge-lobby', { document: policyText({ Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource: 'arn:aws:iot:eu-west-1:123456789012:rolealias/SageMakerEdge-lobby' }), targets: new Set([arn]) });
}

function documentedRole(): StoredRole {
  const components = policyText({ Sid: 'GreengrassComponentAccess', Effect: 'Allow', Action: ['greengrass:CreateComponentVersion', 'greengrass:DescribeComponent'], Resource: '*' });
  return { description: '', tags: {}, trust: trustText('credentials.iot.amazonaws.com', 'sagemaker.amazonaws.com'), attached: new Set([fleetPolicyArn]), inline: new Map([['Components', components]]) };
}

function strictRole(): StoredRole {
  const captures = policyText({ Sid: 'Captures', Effect: 'Allow', Action: 's3:PutObject', Resource: `arn:aws:s3:::${bucketName}/sme-capture/*` }, { Effect: 'Allow', Action: 's3:GetBucketLocation', Resource: `arn:aws:s3:::${bucketName}` });
  return { description: '', tags: { [ownTags.policies]: 'least-privilege' }, trust: trustText('credentials.iot.amazonaws.com'), attached: new Set(), inline: new Map([['fescue-lobby', captures]]) };
}

export type Examined = { readonly [check: string]: Verdict };

/** What doctor says of it. */
export async function examine({ cloud }: Pick<FleetAccount, 'cloud'>, { about = subject, variant }: { about?: Subject; variant?: PolicyVariant } = {}): Promise<Examined> {
  const results = await runChecks(cloudChecks, { cloud: rememberCloud(cloud), subject: about, variant });
  return Object.fromEntries(results.map(({ check, verdict }) => [check.name, verdict]));
}

/** Names of the checks with this status. */
export function withStatus(status: CheckStatus, examined: Examined): string[] {
  return Object.entries(examined).flatMap(([name, verdict]) => (verdict.status === status ? [name] : []));
}

/** Names of the checks that wait, by what they wait for. */
export function waiting(examined: Examined): string[] {
  return Object.entries(examined).flatMap(([name, { found }]) => (found.startsWith('waits for ') ? [`${name}: ${found.slice('waits for '.length)}`] : []));
}
