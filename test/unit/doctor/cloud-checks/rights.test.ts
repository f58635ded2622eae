import { expect, test } from 'vitest';
import type { Verdict } from '../../../../scripts/doctor/check.ts';
import { bucketName, examine, type FleetAccount, fleetAccount, fleetPolicyArn, policyText, roleName } from '../../../helpers/fleet-account.ts';

const objects = `arn:aws:s3:::${bucketName}/*`;
const allow = (Action: unknown, Resource: unknown = '*', more: object = {}): object => ({ Effect: 'Allow', Action, Resource, ...more });
const components = ['greengrass:CreateComponentVersion', 'greengrass:DescribeComponent'];

async function verdictOf(check: string, change: (fleet: FleetAccount) => void, variant: Parameters<typeof fleetAccount>[0] = 'as-documented'): Promise<Verdict | undefined> {
  const fleet = fleetAccount(variant);
  change(fleet);
  return (await examine(fleet))[check];
}

test.each([
  ['a single text', [allow(components[0]), allow(components[1])], 'ok'],
  ['a wildcard', [allow('greengrass:*')], 'ok'],
  ['another case', [allow('GREENGRASS:createcomponentversion'), allow('greengrass:Describe?omponent')], 'ok'],
  ['NotAction', [{ Effect: 'Allow', NotAction: ['iam:*'], Resource: '*' }], 'ok'],
  ['the components of the account', [allow(components, 'arn:aws:greengrass:*:123456789012:components:*')], 'ok'],
  ['one component', [allow(components, 'arn:aws:greengrass:*:*:components:com.example.A')], 'warning'],
  ['one action of two', [allow(components[0])], 'fail'],
  ['another region', [allow(components, 'arn:aws:greengrass:us-east-1:*:components:*')], 'fail'],
  ['a Deny beside it', [allow('*'), { Effect: 'Deny', Action: 'greengrass:Describe*', Resource: '*' }], 'fail'],
  ['a condition that is known', [allow(components, '*', { Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' }, Bool: { 'aws:SecureTransport': true } } })], 'ok'],
  ['a condition that is not known', [allow(components, '*', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })], 'warning'],
])('components may be made by %s', async (_, statements, status) => {
  expect(await verdictOf('greengrass-policy', ({ role }) => role.inline.set('Components', policyText(...statements)))).toMatchObject({ status });
});

test('the sum of all policies counts', async () => {
  const verdict = await verdictOf('greengrass-policy', ({ account, role }) => {
    role.inline.set('Components', policyText(allow(components[0])));
    account.managedPolicies.set('arn:aws:iam::123456789012:policy/Describe', { name: 'Describe', document: policyText(allow(components[1])) });
    role.attached.add('arn:aws:iam::123456789012:policy/Describe');
  });
  expect(verdict).toEqual({ status: 'ok', found: 'greengrass:CreateComponentVersion is allowed by statement 1 of inline policy Components; greengrass:DescribeComponent is allowed by statement 1 of managed policy Describe' });
});

test('a boundary has to allow it, too', async () => {
  const verdict = await verdictOf('greengrass-policy', ({ account, role }) => {
    account.managedPolicies.set('arn:aws:iam::123456789012:policy/Limit', { name: 'Limit', document: policyText(allow('s3:*')) });
    role.boundary = 'arn:aws:iam::123456789012:policy/Limit';
  });
  expect(verdict?.status).toBe('fail');
  expect(verdict?.found).toMatch(/is not within the permissions boundary, managed policy Limit$/);
  expect(verdict?.remedy).toMatch(/^Let the permissions boundary allow it/);
});

test('the command that adds a policy puts it in no other\'s place', async () => {
  const verdict = await verdictOf('greengrass-policy', ({ role }) => (role.inline = new Map()).set('GreengrassComponentAccess', '{}').set('GreengrassComponentAccess-2', '{}'));
  expect(verdict?.remedy).toContain('--policy-name GreengrassComponentAccess-3 ');
});

test('a document that cannot be used is named, and the others count', async () => {
  const broken = await verdictOf('greengrass-policy', ({ role }) => role.inline.set('Components', '{"Statement": [{"Effect": "Maybe"}]}'));
  expect(broken?.status).toBe('fail');
  expect(broken?.found).toMatch(/is allowed by no policy; Policy inline policy Components cannot be used: Statement\[0\]\.Effect: expected Allow or Deny, got "Maybe"/);
  const beside = await verdictOf('greengrass-policy', ({ role }) => role.inline.set('Other', '[]'));
  expect(beside?.status).toBe('ok');
  expect(beside?.found).toMatch(/Policy inline policy Other cannot be used/);
});

test.each([
  ['the whole bucket', [allow('s3:PutObject', objects)], 'ok'],
  ['everything', [allow('*')], 'ok'],
  ['the fleet alone', [allow('s3:Put*', `arn:aws:s3:::${bucketName}/sme-capture/lobby/*`)], 'ok'],
  ['another fleet', [allow('s3:Put*', `arn:aws:s3:::${bucketName}/sme-capture/roof/*`)], 'fail'],
  ['one model', [allow('s3:Put*', `arn:aws:s3:::${bucketName}/sme-capture/lobby/pump/*`)], 'warning'],
  ['the bucket, but not its objects', [allow('s3:PutObject', `arn:aws:s3:::${bucketName}`)], 'fail'],
  ['reading', [allow('s3:Get*', objects)], 'fail'],
  ['each thing below its name', [allow('s3:PutObject', `arn:aws:s3:::${bucketName}/\${credentials-iot:ThingName}/*`)], 'fail'],
  ['the tag of the role', [allow('s3:PutObject', `arn:aws:s3:::${bucketName}/\${aws:PrincipalTag/captures}/*`)], 'ok'],
])('captures may be written by a policy for %s', async (_, statements, status) => {
  const verdict = await verdictOf(
    'bucket-write',
    ({ role }) => {
      role.tags = { ...role.tags, captures: 'sme-capture' };
      role.inline.set('fescue-lobby', policyText(...statements, allow('s3:GetBucketLocation')));
    },
    'least-privilege',
  );
  expect(verdict?.status).toBe(status);
});

const inBucket = (more: object): string => policyText({ Sid: 'S', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: [objects, `arn:aws:s3:::${bucketName}`], ...more });

test.each([
  ['wants TLS', inBucket({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } }), 'ok'],
  ['wants a newer TLS', inBucket({ Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } }), 'ok'],
  ['wants a header for encryption', inBucket({ Condition: { Null: { 's3:x-amz-server-side-encryption': true } } }), 'fail'],
  ['wants the right kind of encryption, if any', inBucket({ Condition: { StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption': 'AES256' } } }), 'fail'],
  ['wants a network', inBucket({ Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } } }), 'warning'],
  ['leaves out all but one role', inBucket({ Condition: { ArnNotEquals: { 'aws:PrincipalArn': `arn:aws:iam::123456789012:role/${roleName}` } } }), 'ok'],
  ['is about somebody else', inBucket({ Principal: { AWS: 'arn:aws:iam::123456789012:user/eve' } }), 'ok'],
  ['cannot be used', '{}', 'fail'],
])('a bucket whose policy %s', async (_, policy, status) => {
  expect((await verdictOf('bucket-write', ({ bucket }) => (bucket.policy = policy)))?.status).toBe(status);
});

test('a bucket may let the role write by itself', async () => {
  const verdict = await verdictOf(
    'bucket-write',
    ({ bucket, role }) => {
      role.inline.set('fescue-lobby', policyText(allow('s3:GetBucketLocation')));
      bucket.policy = policyText({ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::123456789012:role/${roleName}` }, Action: 's3:PutObject', Resource: objects });
    },
    'least-privilege',
  );
  expect(verdict).toEqual({ status: 'ok', found: 's3:PutObject is allowed by statement 1 of bucket policy' });
});

test('what else may be in the way is a warning', async () => {
  const strict = policyText(allow('s3:PutObject', objects));
  const location = await verdictOf('bucket-write', ({ role }) => role.inline.set('fescue-lobby', strict), 'least-privilege');
  expect(location).toMatchObject({ status: 'warning', found: expect.stringContaining('but s3:GetBucketLocation is allowed by no policy') });
  const key = await verdictOf('bucket-write', ({ bucket }) => (bucket.encryption = 'aws:kms'));
  expect(key).toMatchObject({ status: 'warning', found: expect.stringContaining('but the bucket encrypts with KMS, and kms:GenerateDataKey is allowed by no policy') });
});

test('the prefix of captures may be another, also with characters of patterns', async () => {
  const fleet = fleetAccount('least-privilege');
  fleet.role.inline.set('fescue-lobby', policyText(allow('s3:*', [`arn:aws:s3:::${bucketName}/a?b/*`, `arn:aws:s3:::${bucketName}`])));
  const about = { fleet: 'lobby', thing: 'camera-1' };
  expect((await examine(fleet, { about: { ...about, prefix: 'a*b' } }))['bucket-write']?.status).toBe('ok');
  expect((await examine(fleet, { about: { ...about, prefix: 'ab' } }))['bucket-write']?.status).toBe('fail');
});

test('the managed policy counts in every partition', async () => {
  const verdict = await verdictOf('managed-policy', ({ role }) => {
    role.attached.delete(fleetPolicyArn);
    role.attached.add(fleetPolicyArn.replace('arn:aws:', 'arn:aws-us-gov:'));
  });
  expect(verdict?.status).toBe('ok');
  const lookalike = await verdictOf('managed-policy', ({ role }) => {
    role.attached.delete(fleetPolicyArn);
    role.attached.add(fleetPolicyArn.replace('::aws:', '::123456789012:'));
  });
  expect(lookalike?.status).toBe('fail');
});

test('full access is allowed, and warned of', async () => {
  const verdict = await verdictOf('full-access', ({ role }) => role.attached.add('arn:aws:iam::aws:policy/AmazonSageMakerFullAccess'));
  expect(verdict).toMatchObject({ status: 'warning', remedy: `Unless something else needs it: aws iam detach-role-policy --role-name ${roleName} --policy-arn arn:aws:iam::aws:policy/AmazonSageMakerFullAccess` });
});
