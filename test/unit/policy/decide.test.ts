import { expect, test } from 'vitest';
import { decide, describeDecision, type Decision, type Policy } from '../../../scripts/policy/decide.ts';
import type { PolicyKind } from '../../../scripts/policy/document.ts';
import { parsePolicy } from '../../../scripts/policy/parse-policy.ts';
import type { PolicyRequest } from '../../../scripts/policy/statement.ts';

const role = 'arn:aws:iam::123456789012:role/service-role/SageMakerLobby';

function policy(name: string, statements: unknown, { kind = 'identity', version = '2012-10-17' }: { kind?: PolicyKind; version?: string } = {}): Policy {
  return { name, document: parsePolicy(JSON.stringify({ Version: version, Statement: statements }), { name, kind }) };
}

function ask(statements: unknown, action: string, resource: string, context: PolicyRequest['context'] = {}): Decision {
  return decide({ policies: [policy('P', statements)], request: { action, resource, context } });
}

const allow = (Action: unknown, Resource: unknown = '*', more: object = {}): object => ({ Effect: 'Allow', Action, Resource, ...more });
const deny = (Action: unknown, Resource: unknown = '*', more: object = {}): object => ({ Effect: 'Deny', Action, Resource, ...more });

// The user of AWS's page on how policies are evaluated.
const carlos = [
  allow(['s3:GetBucketLocation', 's3:ListAllMyBuckets'], 'arn:aws:s3:::*', { Sid: 'AllowS3ListRead' }),
  allow('s3:*', ['arn:aws:s3:::carlossalazar/*', 'arn:aws:s3:::carlossalazar'], { Sid: 'AllowS3Self' }),
  deny('s3:*', 'arn:aws:s3:::*log*', { Sid: 'DenyS3Logs' }),
];
const reports = [allow(['iam:Get*', 'iam:List*'], '*', { Sid: 'AllowGetList' }), deny('iam:*Report', '*', { Sid: 'DenyReports' })];
const everythingButIam = [{ Effect: 'Allow', NotAction: ['iam:*', 'organizations:*'], Resource: '*' }];
const notTheHr = [{ Effect: 'Deny', Action: 's3:*', NotResource: ['arn:aws:s3:::HRBucket/Payroll', 'arn:aws:s3:::HRBucket/Payroll/*'] }, allow('s3:*')];
const inTheMiddle = [allow('s3:GetObject', 'arn:aws:s3:::demo/*/test/*')];

test.each([
  ['an allow of another bucket', carlos, 's3:PutObject', 'arn:aws:s3:::carlossalazar/photo', 'allowed', 'AllowS3Self'],
  ['deny over allow', carlos, 's3:PutObject', 'arn:aws:s3:::carlossalazar-logs/photo', 'denied', 'DenyS3Logs'],
  ['nothing said', carlos, 's3:PutObject', 'arn:aws:s3:::other/photo', 'not-allowed', undefined],
  ['an action by its beginning', reports, 'iam:GetRole', '*', 'allowed', 'AllowGetList'],
  ['an action by its end', reports, 'iam:GetOrganizationsAccessReport', '*', 'denied', 'DenyReports'],
  ['an action that is only left out', reports, 'iam:CreatePolicy', '*', 'not-allowed', undefined],
  ['an action in another case', reports, 'IAM:getrole', '*', 'allowed', 'AllowGetList'],
  ['NotAction', everythingButIam, 's3:PutObject', 'arn:aws:s3:::a/b', 'allowed', '1'],
  ['an action within NotAction', everythingButIam, 'iam:PassRole', role, 'not-allowed', undefined],
  ['NotResource of a deny, inside', notTheHr, 's3:GetObject', 'arn:aws:s3:::HRBucket/Payroll/may', 'allowed', '2'],
  ['NotResource of a deny, outside', notTheHr, 's3:GetObject', 'arn:aws:s3:::HRBucket/Plans', 'denied', '1'],
  ['a star runs over slashes', inTheMiddle, 's3:GetObject', 'arn:aws:s3:::demo/1/2/test/3/object.jpg', 'allowed', '1'],
  ['a star may be empty', inTheMiddle, 's3:GetObject', 'arn:aws:s3:::demo//test/', 'allowed', '1'],
  ['but a slash before it has to be', inTheMiddle, 's3:GetObject', 'arn:aws:s3:::demo/test/object.jpg', 'not-allowed', undefined],
  ['a resource in another case', [allow('s3:*', 'arn:aws:s3:::Demo/*')], 's3:GetObject', 'arn:aws:s3:::demo/a', 'not-allowed', undefined],
  ['a question mark', [allow('s3:*Object', 'arn:aws:s3:::demo-?/*')], 's3:GetObject', 'arn:aws:s3:::demo-1/a', 'allowed', '1'],
  ['a question mark for nothing', [allow('s3:*', 'arn:aws:s3:::demo-?/*')], 's3:GetObject', 'arn:aws:s3:::demo-/a', 'not-allowed', undefined],
  ['a star at the end of a part', [allow('s3:*', 'arn:aws:s3:*')], 's3:GetObject', 'arn:aws:s3:::demo/a', 'allowed', '1'],
  ['a star inside of a part', [allow('iot:*', 'arn:aws:iot:eu*1:123456789012:thing/a')], 'iot:DescribeThing', 'arn:aws:iot:eu-west-1:1:123456789012:thing/a', 'not-allowed', undefined],
  ['a colon in the name of a resource', [allow('greengrass:*', 'arn:aws:greengrass:*:*:components:*')], 'greengrass:DescribeComponent', 'arn:aws:greengrass:eu-west-1:123456789012:components:A:versions:1.0.0', 'allowed', '1'],
  ['all that a pattern stands for', [allow('s3:PutObject', 'arn:aws:s3:::*sagemaker*')], 's3:PutObject', 'arn:aws:s3:::sagemaker-lobby/sme-capture/*', 'allowed', '1'],
  ['a star that stands for itself', [allow('s3:PutObject', 'arn:aws:s3:::b/?/*')], 's3:PutObject', 'arn:aws:s3:::b/${*}/*', 'allowed', '1'],
  ['a bucket without its objects', [allow('s3:PutObject', 'arn:aws:s3:::sagemaker-lobby')], 's3:PutObject', 'arn:aws:s3:::sagemaker-lobby/*', 'not-allowed', undefined],
] as const)('%s', (_, statements, action, resource, effect, label) => {
  const decision = ask(statements, action, resource);
  expect(decision.effect).toBe(effect);
  expect('by' in decision ? decision.by.label : undefined).toBe(label);
});

test.each([
  ['a part of what is asked is allowed', [allow('s3:PutObject', 'arn:aws:s3:::b/in/*')], 'is allowed by statement 1 of P only if the resource is arn:aws:s3:::b/in/*'],
  ['a part of what is asked is denied', [allow('s3:*'), deny('s3:Put*', 'arn:aws:s3:::b/secret/*', { Sid: 'Secret' })], 'is allowed by statement 1 of P unless the resource is arn:aws:s3:::b/secret/* (denied by statement Secret of P)'],
  ['an allow under an unknown condition', [allow('s3:*', '*', { Condition: { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '192.0.2.0/24'] } } })], 'is allowed by statement 1 of P only if aws:SourceIp IpAddress 10.0.0.0/8 or 192.0.2.0/24'],
  ['a deny under an unknown condition', [allow('s3:*'), deny('*', '*', { Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } } })], 'is allowed by statement 1 of P unless aws:SourceVpce StringNotEquals vpce-1 (denied by statement 2 of P)'],
  ['an allow without a condition beside it', [allow('s3:*', '*', { Condition: { Bool: { 'x:y': 'true' } } }), allow('s3:*')], 'is allowed by statement 2 of P'],
  ['an unknown variable', [allow('s3:*', 'arn:aws:s3:::b/${credentials-iot:ThingName}/*')], 'is allowed by statement 1 of P only if the resource is arn:aws:s3:::b/${credentials-iot:ThingName}/*'],
  ['nothing', [], 'is allowed by no policy'],
])('%s', (_, statements, words) => {
  expect(describeDecision(ask(statements, 's3:PutObject', 'arn:aws:s3:::b/*'))).toBe(words);
});

test.each([
  ['a variable', 'arn:aws:s3:::b/${aws:PrincipalTag/team}/*', 'arn:aws:s3:::b/vision/a', 'allowed'],
  ['a variable in another case', 'arn:aws:s3:::b/${AWS:principaltag/TEAM}/*', 'arn:aws:s3:::b/vision/a', 'allowed'],
  ['another value', 'arn:aws:s3:::b/${aws:PrincipalTag/team}/*', 'arn:aws:s3:::b/audio/a', 'not-allowed'],
  ['a variable without a value', 'arn:aws:s3:::b/${aws:PrincipalTag/site}/*', 'arn:aws:s3:::b//a', 'not-allowed'],
  ['a fallback', "arn:aws:s3:::b/${aws:PrincipalTag/site, 'all'}/*", 'arn:aws:s3:::b/all/a', 'allowed'],
  ['a wildcard in a value', 'arn:aws:s3:::b/${aws:PrincipalTag/star}/*', 'arn:aws:s3:::b/x/a', 'not-allowed'],
  ['a star for itself', 'arn:aws:s3:::b/${*}', 'arn:aws:s3:::b/x', 'not-allowed'],
  ['a dollar for itself', 'arn:aws:s3:::b/${$}x', 'arn:aws:s3:::b/$x', 'allowed'],
  ['what is no variable', 'arn:aws:s3:::b/${ not one }', 'arn:aws:s3:::b/${ not one }', 'allowed'],
])('%s in a resource', (_, pattern, resource, effect) => {
  const context = { 'aws:PrincipalTag/team': 'vision', 'aws:PrincipalTag/star': '*', 'aws:PrincipalTag/*': [] };
  expect(ask([allow('s3:*', pattern)], 's3:GetObject', resource, context).effect).toBe(effect);
});

test('a document of 2008 has no variables', () => {
  const old = policy('P', [allow('s3:*', 'arn:aws:s3:::b/${aws:username}')], { version: '2008-10-17' });
  const request = { action: 's3:GetObject', context: { 'aws:username': 'ada' } };
  expect(decide({ policies: [old], request: { ...request, resource: 'arn:aws:s3:::b/ada' } }).effect).toBe('not-allowed');
  expect(decide({ policies: [old], request: { ...request, resource: 'arn:aws:s3:::b/${$}{aws:username}' } }).effect).toBe('allowed');
});

test.each([
  ['allowed by both', [allow('s3:*')], [allow(['s3:Put*', 'ec2:*'])], 'is allowed by statement 1 of P'],
  ['left out by the boundary', [allow('s3:*')], [allow('ec2:*')], 'is not within the permissions boundary, B'],
  ['allowed by the boundary alone', [], [allow('*')], 'is allowed by no policy'],
  ['denied by the boundary', [allow('s3:*')], [allow('*'), deny('s3:Put*')], 'is denied by statement 2 of B'],
  ['limited by the boundary under a condition', [allow('s3:*')], [allow('*', '*', { Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } } })], 'is allowed by statement 1 of P only if aws:RequestedRegion StringEquals eu-west-1'],
])('with a boundary: %s', (_, statements, boundary, words) => {
  const decision = decide({ policies: [policy('P', statements)], boundary: policy('B', boundary), request: { action: 's3:PutObject', resource: 'arn:aws:s3:::b/a' } });
  expect(describeDecision(decision)).toBe(words);
});

const to = (principal: unknown, more: object = {}): object => allow('s3:PutObject', 'arn:aws:s3:::b/*', { Principal: principal, ...more });
const notTo = (principal: unknown, more: object = {}): object => deny('s3:*', ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'], { Principal: principal, ...more });
const onlyTls = notTo('*', { Sid: 'OnlyTls', Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
const others = { Effect: 'Deny', Action: 's3:*', Resource: '*' };

test.each([
  ['no statement', [], [], 'is allowed by no policy'],
  ['the bucket allows the role', [], [to({ AWS: role })], 'is allowed by statement 1 of bucket policy'],
  ['the bucket allows everybody', [], [to('*')], 'is allowed by statement 1 of bucket policy'],
  ['the bucket leaves it to the account', [], [to({ AWS: '123456789012' })], 'is allowed by no policy'],
  ['the bucket leaves it to the account, and the role has it', [allow('s3:*')], [to({ AWS: 'arn:aws:iam::123456789012:root' })], 'is allowed by statement 1 of P'],
  ['the bucket allows another role', [], [to({ AWS: 'arn:aws:iam::123456789012:role/Other' })], 'is allowed by no policy'],
  ['the bucket allows a service', [], [to({ Service: 'logging.s3.amazonaws.com' })], 'is allowed by no policy'],
  ['the bucket allows one session', [], [to({ AWS: 'arn:aws:sts::123456789012:assumed-role/SageMakerLobby/abc' })], 'is allowed by statement 1 of bucket policy only if it is the session that the policy names'],
  ['the bucket denies the account', [allow('s3:*')], [notTo({ AWS: '123456789012' })], 'is denied by statement 1 of bucket policy'],
  ['the bucket denies others', [allow('s3:*')], [notTo({ AWS: 'arn:aws:iam::123456789012:user/eve' })], 'is allowed by statement 1 of P'],
  ['the bucket wants TLS', [allow('s3:*')], [onlyTls], 'is allowed by statement 1 of P'],
  ['the bucket denies all others', [allow('s3:*')], [{ ...others, NotPrincipal: { AWS: 'arn:aws:iam::123456789012:user/ada' } }], 'is denied by statement 1 of bucket policy'],
  ['the bucket denies all others than the role', [allow('s3:*')], [{ ...others, NotPrincipal: { AWS: [role, '123456789012'] } }], 'is allowed by statement 1 of P unless it is the session that the policy names (denied by statement 1 of bucket policy)'],
])('with a bucket policy: %s', (_, statements, bucket, words) => {
  const decision = decide({
    policies: [policy('P', statements)],
    resourcePolicy: policy('bucket policy', bucket, { kind: 'resource' }),
    requester: { kind: 'role', arn: role },
    request: { action: 's3:PutObject', resource: 'arn:aws:s3:::b/a', context: { 'aws:SecureTransport': 'true' } },
  });
  expect(describeDecision(decision)).toBe(words);
});

test.each([
  ['the role', { AWS: [role, '123456789012'] }],
  ['another', { AWS: 'arn:aws:iam::123456789012:user/ada' }],
])('a Deny for all but %s denies every role with a boundary', (_, NotPrincipal) => {
  const all = policy('P', [allow('s3:*')]);
  const decision = decide({ policies: [all], boundary: all, resourcePolicy: policy('B', [{ ...others, Sid: 'Others', NotPrincipal }], { kind: 'resource' }), requester: { kind: 'role', arn: role }, request: { action: 's3:PutObject', resource: 'arn:aws:s3:::b/a' } });
  expect(describeDecision(decision)).toBe('is denied by statement Others of B');
});

test('a bucket policy that wants TLS denies what comes without', () => {
  const decision = decide({ policies: [policy('P', [allow('s3:*')])], resourcePolicy: policy('B', [onlyTls], { kind: 'resource' }), requester: { kind: 'role', arn: role }, request: { action: 's3:PutObject', resource: 'arn:aws:s3:::b/a', context: { 'aws:SecureTransport': 'false' } } });
  expect(describeDecision(decision)).toBe('is denied by statement OnlyTls of B');
});
