import { expect, test } from 'vitest';
import type { Tags } from '../../../scripts/cloud/cloud.ts';
import type { Wish } from '../../../scripts/setup/desired.ts';
import { devicePolicy } from '../../../scripts/setup/documents.ts';
import { policyText, type Statement } from '../../../scripts/setup/written-policy.ts';
import { memoryCloud, newBucket, type MemoryCloud } from '../../helpers/memory-cloud.ts';
import { applied, due, planned, usual, wishOf } from '../../helpers/setup-fleet.ts';

const place = { partition: 'aws', account: '123456789012', region: 'eu-west-1' };
const written = devicePolicy({ place, bucket: usual.bucket, prefix: 'sme-capture', artifacts: [] });
const trust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'credentials.iot.amazonaws.com' }, Action: 'sts:AssumeRole' }] });
const fleetPolicy = 'arn:aws:iam::aws:policy/service-role/AmazonSageMakerEdgeDeviceFleetPolicy';
const fullPolicy = 'arn:aws:iam::aws:policy/AmazonSageMakerFullAccess';

function document(...statements: Statement[]): string {
  return policyText({ Version: '2012-10-17', Statement: statements });
}

/** A role that setup did not make, with what the devices of the fleet need or not. */
function foreignRole(cloud: MemoryCloud, { inline = {}, attached = [], tags = {}, boundary }: { inline?: Record<string, string>; attached?: string[]; tags?: Tags; boundary?: string }): void {
  cloud.account.roles.set(usual.role, { description: '', trust, tags, attached: new Set(attached), inline: new Map(Object.entries(inline)), ...(boundary === undefined ? {} : { boundary }) });
}

async function made(wish?: Wish): Promise<MemoryCloud> {
  const cloud = memoryCloud();
  await applied(cloud, wish);
  return cloud;
}

test('in an empty account everything is created, and planning changes nothing', async () => {
  const cloud = memoryCloud();
  const { steps } = await planned(cloud);
  expect(due(steps)).toEqual(['create role', 'create inline policy', 'create role alias', 'create bucket', 'create bucket encryption', 'create bucket access', 'create bucket versioning', 'create bucket policy', 'create thing group', 'create thing', 'create group member']);
  expect(cloud.gate.changes).toEqual([]);
});

type Existing = readonly [name: string, prepare: (cloud: MemoryCloud) => void, wish: Partial<Wish>, expected: string[]];
const ownRole = (cloud: MemoryCloud) => {
  const role = cloud.account.roles.get(usual.role);
  if (role === undefined) throw new Error('setup did not make the role');
  return role;
};
const ownBucket = (cloud: MemoryCloud) => {
  const bucket = cloud.account.buckets.get(usual.bucket);
  if (bucket === undefined) throw new Error('setup did not make the bucket');
  return bucket;
};
const [captures, location, artifacts, logs] = written.Statement as [Statement, Statement, Statement, Statement];

const drifted: readonly Existing[] = [
  ['untouched', () => undefined, {}, []],
  ['a policy that was deleted', (cloud) => ownRole(cloud).inline.clear(), {}, ['create inline policy']],
  ['a policy with a condition', (cloud) => ownRole(cloud).inline.set('fescue-lobby', document({ ...captures, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }, location, artifacts, logs)), {}, ['leave inline policy']],
  ['a policy without logs', (cloud) => ownRole(cloud).inline.set('fescue-lobby', document(captures, location, artifacts)), {}, ['leave inline policy']],
  ['a policy for the fleet\'s own folder', (cloud) => ownRole(cloud).inline.set('fescue-lobby', document({ ...captures, Resource: `arn:aws:s3:::${usual.bucket}/sme-capture/lobby/*` }, location, artifacts)), {}, ['leave inline policy']],
  ['a policy without captures', (cloud) => ownRole(cloud).inline.set('fescue-lobby', document(location, artifacts, logs)), {}, ['change inline policy']],
  ['a wider policy', (cloud) => ownRole(cloud).inline.set('fescue-lobby', document({ ...captures, Action: 's3:*' }, location, artifacts, logs)), {}, ['change inline policy']],
  ['a policy of somebody beside it', (cloud) => ownRole(cloud).inline.set('Theirs', document({ Effect: 'Allow', Action: '*', Resource: '*' })), {}, []],
  ['a Deny beside it', (cloud) => ownRole(cloud).inline.set('Theirs', document({ Effect: 'Deny', Action: 's3:Put*', Resource: '*' })), {}, ['conflict inline policy']],
  ['tags that were taken off', (cloud) => void (ownRole(cloud).tags = { 'fescue:fleet': 'lobby' }), {}, ['change tags']],
  ['another prefix', () => undefined, { prefix: 'captures' }, ['change inline policy']],
  ['artifacts elsewhere', () => undefined, { artifacts: ['my-artifacts/com.example.'] }, ['change inline policy']],
  ['an alias that leads elsewhere', (cloud) => void cloud.account.roleAliases.set(usual.alias, { roleArn: 'arn:aws:iam::123456789012:role/Other', credentialSeconds: 3600, tags: { 'fescue:fleet': 'lobby' } }), {}, ['change role alias']],
  ['a bucket with KMS', (cloud) => void (ownBucket(cloud).encryption = 'aws:kms'), {}, []],
  ['a bucket without encryption', (cloud) => void (ownBucket(cloud).encryption = undefined), {}, ['change bucket encryption']],
  ['a bucket that is public', (cloud) => void (ownBucket(cloud).isPrivate = false), {}, ['change bucket access']],
  ['a bucket whose versioning was suspended', (cloud) => void (ownBucket(cloud).versioning = 'Suspended'), {}, ['change bucket versioning']],
  ['a bucket with a policy of somebody', (cloud) => void (ownBucket(cloud).policy = document({ Sid: 'Theirs', Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject', Resource: `arn:aws:s3:::${usual.bucket}/*` })), {}, ['change bucket policy']],
  ['a bucket in the first moment of its life', (cloud) => void cloud.account.buckets.set(usual.bucket, newBucket('eu-west-1')), {}, ['change bucket', 'change bucket versioning', 'change bucket policy']],
  ['a thing that left the group', (cloud) => cloud.account.groups.get('lobby')?.members.clear(), {}, ['create group member']],
  ['another thing', () => undefined, { things: ['cam-2'] }, ['create thing', 'create group member']],
  ['full access', () => undefined, { fullAccess: true }, ['change tags', 'create managed policy']],
  ['as documented', () => undefined, { variant: 'as-documented' }, ['change tags', 'change trust policy', 'create managed policy', 'change inline policy']],
];

test.each(drifted)('made by setup, then %s', async (_name, prepare, others, expected) => {
  const cloud = await made();
  prepare(cloud);
  const wish = wishOf(others);
  const { steps } = await planned(cloud, wish);
  expect(due(steps)).toEqual(expected);
  if (expected.some((step) => step.startsWith('conflict'))) return;
  await applied(cloud, wish);
  expect(due((await planned(cloud, wish)).steps)).toEqual(expected.filter((step) => step.startsWith('leave')));
});

const others: readonly Existing[] = [
  ['a role that allows nothing', (cloud) => foreignRole(cloud, {}), {}, ['change tags', 'create inline policy', 'create role alias']],
  ['a role that allows all', (cloud) => foreignRole(cloud, { inline: { All: document({ Effect: 'Allow', Action: '*', Resource: '*' }) } }), {}, ['change tags', 'create role alias']],
  ['a role that allows captures alone', (cloud) => foreignRole(cloud, { attached: [fleetPolicy] }), {}, ['change tags', 'create inline policy', 'leave managed policy', 'create role alias']],
  ['a role that denies', (cloud) => foreignRole(cloud, { inline: { No: document({ Effect: 'Deny', NotAction: 'logs:*', Resource: '*' }) } }), {}, ['change tags', 'conflict inline policy', 'create role alias']],
  ['a role with a boundary that leaves S3 out', (cloud) => foreignRole(cloud, { boundary: fleetPolicy.replace('AmazonSageMakerEdgeDeviceFleetPolicy', 'Narrow') }), {}, ['change tags', 'create inline policy', 'create role alias']],
  ['a role of another fleet', (cloud) => foreignRole(cloud, { tags: { 'fescue:fleet': 'garage' }, inline: { 'fescue-garage': policyText(written) } }), {}, ['conflict role', 'create role alias']],
  ['the same, named', (cloud) => foreignRole(cloud, { tags: { 'fescue:fleet': 'garage' }, inline: { 'fescue-garage': policyText(written) } }), { names: { role: usual.role } }, ['change tags', 'create inline policy', 'create role alias']],
  ['an alias of another role', (cloud) => void cloud.account.roleAliases.set(usual.alias, { roleArn: 'arn:aws:iam::123456789012:role/Other', credentialSeconds: 3600, tags: {} }), {}, ['create role', 'create inline policy', 'conflict role alias']],
  ['the same, adopted', (cloud) => void cloud.account.roleAliases.set(usual.alias, { roleArn: 'arn:aws:iam::123456789012:role/Other', credentialSeconds: 3600, tags: {} }), { adopt: true }, ['create role', 'create inline policy', 'change role alias']],
  ['an alias of the role', (cloud) => void cloud.account.roleAliases.set(usual.alias, { roleArn: `arn:aws:iam::123456789012:role/${usual.role}`, credentialSeconds: 900, tags: {} }), {}, ['create role', 'create inline policy']],
];

test.each(others)('made by others: %s', async (_name, prepare, wishes, expected) => {
  const cloud = memoryCloud();
  cloud.account.managedPolicies.set(fleetPolicy.replace('AmazonSageMakerEdgeDeviceFleetPolicy', 'Narrow'), { name: 'Narrow', document: document({ Effect: 'Allow', Action: 's3:*', Resource: '*' }) });
  prepare(cloud);
  const { steps } = await planned(cloud, wishOf(wishes));
  expect(due(steps).filter((step) => !/bucket|thing|member/.test(step))).toEqual(expected);
});

test('a boundary that leaves captures out is for a person to decide', async () => {
  const cloud = memoryCloud();
  cloud.account.managedPolicies.set('arn:aws:iam::aws:policy/Narrow', { name: 'Narrow', document: document({ Effect: 'Allow', Action: 'logs:*', Resource: '*' }) });
  foreignRole(cloud, { boundary: 'arn:aws:iam::aws:policy/Narrow' });
  const conflict = (await planned(cloud)).steps.find(({ change }) => change === 'conflict');
  expect(conflict?.why).toMatch(/^it would not help: s3:PutObject on .* is not within the permissions boundary, policy Narrow;/);
});

const closed = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } };
const buckets: readonly [string, Partial<ReturnType<typeof newBucket>>, Partial<Wish>, string[]][] = [
  ['open in every way', { encryption: undefined, isPrivate: false, tags: { team: 'vision' } }, {}, ['leave bucket encryption', 'leave bucket access', 'leave bucket versioning', 'leave bucket policy']],
  ['open in every way, adopted', { encryption: undefined, isPrivate: false }, { adopt: true }, ['change bucket encryption', 'change bucket access', 'change bucket versioning', 'change bucket policy']],
  ['suspended', { versioning: 'Suspended', policy: document({ Effect: 'Deny', Principal: { AWS: '*' }, Action: ['s3:*'], Resource: '*', Condition: { Bool: { 'aws:SecureTransport': ['false'] } } }) }, {}, ['leave bucket versioning']],
  ['closed in part', { versioning: 'Enabled', policy: document({ ...closed, Resource: `arn:aws:s3:::${usual.bucket}/sme-capture/*` }) }, {}, ['leave bucket policy']],
  ['closed to writing', { versioning: 'Enabled', policy: document({ ...closed, Action: 's3:Put*' }) }, {}, ['leave bucket policy']],
  ['closed to some', { versioning: 'Enabled', policy: document({ ...closed, Principal: { AWS: 'arn:aws:iam::123456789012:root' } }) }, {}, ['leave bucket policy']],
  ['closed to all but one', { versioning: 'Enabled', policy: document({ Effect: 'Deny', NotPrincipal: { AWS: 'arn:aws:iam::123456789012:user/ada' }, Action: '*', Resource: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }) }, {}, ['leave bucket policy']],
  ['closed under another condition, too', { versioning: 'Enabled', policy: document({ ...closed, Condition: { Bool: { 'aws:SecureTransport': 'false' }, IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }) }, {}, ['leave bucket policy']],
  ['closed in two statements', { versioning: 'Enabled', policy: document({ ...closed, Resource: `arn:aws:s3:::${usual.bucket}` }, { ...closed, Resource: `arn:aws:s3:::${usual.bucket}/*` }) }, {}, []],
  ['in another region', { region: 'us-east-1' }, { adopt: true }, ['conflict bucket']],
  ['of another fleet', { tags: { 'fescue:fleet': 'garage' }, versioning: 'Enabled' }, {}, ['conflict bucket']],
  ['of another fleet, named', { tags: { 'fescue:fleet': 'garage' }, versioning: 'Enabled' }, { names: { bucket: usual.bucket } }, ['leave bucket policy']],
];

test.each(buckets)('a bucket of others, %s', async (_name, bucket, wishes, expected) => {
  const cloud = memoryCloud();
  cloud.account.buckets.set(usual.bucket, { ...newBucket('eu-west-1'), ...bucket });
  expect(due((await planned(cloud, wishOf(wishes))).steps).filter((step) => step.includes('bucket'))).toEqual(expected);
});

test('an empty bucket without tags is not taken for one of setup, unless setup was about to make it', async () => {
  const cloud = memoryCloud();
  cloud.account.buckets.set(usual.bucket, newBucket('eu-west-1'));
  await applied(cloud);
  expect(cloud.account.buckets.get(usual.bucket)?.tags).toEqual({});
});

test('things and groups of others are used as they are', async () => {
  const cloud = memoryCloud();
  cloud.account.things.set('cam-1', { attributes: { owner: 'ada' }, principals: new Set(['arn:aws:iot:eu-west-1:123456789012:cert/1']) });
  cloud.account.groups.set('lobby', { description: 'theirs', tags: {}, members: new Set() });
  const { steps } = await applied(cloud);
  expect(due(steps).filter((step) => /thing|member/.test(step))).toEqual(['create group member']);
  expect(cloud.account.things.get('cam-1')?.attributes).toEqual({ owner: 'ada' });
});

test('switching to the documented policies and back leaves exactly what each one is', async () => {
  const cloud = await made();
  const before = structuredClone(ownRole(cloud));
  await applied(cloud, wishOf({ variant: 'as-documented', fullAccess: true }));
  expect([...ownRole(cloud).attached]).toEqual([fleetPolicy, fullPolicy]);
  expect(JSON.parse(ownRole(cloud).inline.get('fescue-lobby') ?? '')).toEqual({ Version: '2012-10-17', Statement: [{ Sid: 'GreengrassComponentAccess', Effect: 'Allow', Action: ['greengrass:CreateComponentVersion', 'greengrass:DescribeComponent'], Resource: '*' }] });
  await applied(cloud);
  expect(ownRole(cloud)).toEqual(before);
});

test('what somebody else attached stays when setup no longer asks for it', async () => {
  const cloud = await made();
  ownRole(cloud).attached.add(fleetPolicy).add(fullPolicy);
  const { steps } = await applied(cloud);
  expect(due(steps)).toEqual(['leave managed policy', 'leave managed policy']);
  expect(ownRole(cloud).attached.size).toBe(2);
});

test('artifacts beside the documented policies have a policy of their own, which goes when they do', async () => {
  const wish = wishOf({ variant: 'as-documented', artifacts: ['my-artifacts'] });
  const cloud = await made(wish);
  expect(JSON.parse(ownRole(cloud).inline.get('fescue-lobby.artifacts') ?? '{}')).toMatchObject({ Statement: [{ Action: 's3:GetBucketLocation', Resource: 'arn:aws:s3:::my-artifacts' }, { Action: 's3:GetObject', Resource: 'arn:aws:s3:::my-artifacts/*' }] });
  const { steps } = await applied(cloud, { ...wish, artifacts: [] });
  expect(due(steps)).toEqual(['delete inline policy']);
  expect([...ownRole(cloud).inline.keys()]).toEqual(['fescue-lobby']);
});

test.each([
  ['arn:aws-cn:iam::123456789012:user/ada', 'arn:aws-cn:s3:::', 'arn:aws-cn:iam::aws:policy/service-role/AmazonSageMakerEdgeDeviceFleetPolicy'],
  ['arn:aws-us-gov:sts::123456789012:assumed-role/a/b', 'arn:aws-us-gov:s3:::', 'arn:aws-us-gov:iam::aws:policy/service-role/AmazonSageMakerEdgeDeviceFleetPolicy'],
])('the partition is that of the caller, %s', async (arn, bucketStart, policyArn) => {
  const cloud = memoryCloud();
  cloud.account.caller = { account: '123456789012', arn };
  const least = await planned(cloud);
  expect(least.desired.inline[0]?.document).toContain(`"${bucketStart}${usual.bucket}/sme-capture/*"`);
  const documented = await planned(cloud, wishOf({ variant: 'as-documented' }));
  expect(documented.steps.flatMap(({ actions }) => actions)).toContainEqual({ call: 'attach', role: usual.role, policyArn });
});
