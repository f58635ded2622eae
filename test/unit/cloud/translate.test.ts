import { expect, test } from 'vitest';
import type { AwsAnswer } from '../../helpers/aws-server.ts';
import { queryError, restError, useRecordedAws } from '../../helpers/recorded-aws.ts';

const secret = 'a-secret-that-nobody-may-see';
const signatureText = `The request signature we calculated does not match the signature you provided. The Canonical String was host:iam ${secret}`;
const denial = 'User: arn:aws:iam::123456789012:user/ada is not authorized to perform: iam:GetRole on resource: role SageMakerX';

/** What comes of `iam:GetRole of role SageMakerX` when AWS answers so. */
test.each<[title: string, answer: AwsAnswer, fault: string, message: string]>([
  ['an expired token', queryError(403, 'ExpiredToken', 'The security token included in the request is expired'), 'expired-credentials', 'the AWS credentials have expired. Sign in again, as with aws sso login,'],
  ['a key that nobody knows', queryError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'), 'bad-credentials', 'AWS does not know these credentials. Sign in again'],
  ['a wrong secret', queryError(403, 'SignatureDoesNotMatch', signatureText), 'bad-credentials', 'the secret of the AWS credentials is not the right one. Sign in again'],
  ['a wrong clock', queryError(403, 'SignatureDoesNotMatch', 'Signature not yet current: 20300314T161130Z is still later than 20230314T161130Z'), 'bad-credentials', 'the clock of this machine is wrong, by which the request looks too old or too new. Set it'],
  ['a clock that S3 finds wrong', queryError(403, 'RequestTimeTooSkewed'), 'bad-credentials', 'the clock of this machine is wrong'],
  ['nobody who allows it', queryError(403, 'AccessDenied', `${denial} because no identity-based policy allows the iam:GetRole action`), 'access-denied', 'access is denied: an identity-based policy does not allow it. Allow iam:GetRole to this identity, or use another one.'],
  ['a refusal without reason', queryError(403, 'AccessDenied', denial), 'access-denied', 'access is denied. Allow iam:GetRole to this identity'],
  ['a statement of the organisation', queryError(403, 'AccessDenied', `${denial} with an explicit deny in a service control policy`), 'access-denied', 'access is denied by a service control policy. A statement there denies iam:GetRole; whoever manages it has to take that out.'],
  ['a boundary', queryError(403, 'AccessDenied', `${denial} with an explicit deny in a permissions boundary`), 'access-denied', 'access is denied by a permissions boundary.'],
  ['a boundary that allows too little', queryError(403, 'AccessDenied', `${denial} because no permissions boundary allows the iam:GetRole action`), 'access-denied', 'access is denied: a permissions boundary does not allow it. Allow iam:GetRole'],
  ['another explicit deny', queryError(403, 'AccessDenied', `${denial} with an explicit deny`), 'access-denied', 'access is denied by a policy.'],
  ['a region that is off', queryError(400, 'OptInRequired'), 'wrong-region', 'this region is not enabled for the account. Enable it'],
  ['a document it does not take', queryError(400, 'MalformedPolicyDocument', 'Has prohibited field Resource'), 'refused', 'IAM does not take the policy document (AWS says: Has prohibited field Resource). Check names and settings.'],
  ['something it does not take', queryError(400, 'ValidationError', "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint."), 'refused', "AWS answers 400 ValidationError (AWS says: 1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint)."],
  ['a quota', queryError(409, 'LimitExceeded', 'Cannot exceed quota for ACLSizePerRole: 2048'), 'limit-exceeded', 'it is larger, or there are more, than AWS allows (AWS says: Cannot exceed quota for ACLSizePerRole: 2048). Remove what is not needed'],
  ['somebody else who changes it', queryError(409, 'ConcurrentModification'), 'conflict', 'it is being changed by somebody else at this moment (AWS says: Told by the test). Try again.'],
  ['a page of a proxy', { status: 403, headers: { 'content-type': 'text/html; charset=utf-8' }, body: `<html><body>Blocked. ${secret}</body></html>` }, 'unreachable', 'a web page answers in place of AWS. Check proxies'],
  ['a document of somebody', { headers: { 'content-type': 'text/xml' }, body: '<feed><title>News</title></feed>' }, 'unreachable', 'something answers that is not AWS'],
  ['text of somebody', { status: 404, headers: { 'content-type': 'text/plain' }, body: 'no such page' }, 'unreachable', 'something answers that is not AWS'],
])('%s', async (_, answer, fault, message) => {
  const { cloud } = await useRecordedAws(() => answer, { attempts: 1 });
  const error: unknown = await cloud.roles.get('SageMakerX').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ fault, action: 'iam:GetRole', message: expect.stringContaining(`iam:GetRole of role SageMakerX: ${message}`) as string });
  expect(String(error)).not.toContain(secret);
});

test('a permission that nobody asked for is told: to pass a role', async () => {
  const { cloud } = await useRecordedAws(() => restError(403, 'AccessDeniedException', 'User: arn:aws:iam::123456789012:user/ada is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/SageMakerX because no identity-based policy allows the iam:PassRole action'));
  await expect(cloud.things.createRoleAlias({ alias: 'a', roleArn: 'arn:aws:iam::123456789012:role/SageMakerX', credentialSeconds: 3_600, tags: {} })).rejects.toMatchObject({ action: 'iam:PassRole', message: expect.stringMatching(/^iam:PassRole of role alias a: .* Allow iam:PassRole to this identity/) as string });
});

test('words of a server are one line, and not many', async () => {
  const { cloud } = await useRecordedAws(() => restError(400, 'InvalidRequestException', `first\nsecond\u001b[31m${'x'.repeat(10_000)}`));
  const error: unknown = await cloud.things.thing('a').catch((thrown: unknown) => thrown);
  expect(String(error)).toContain('(AWS says: first second\\u{1b}[31mxxx');
  expect(String(error).length).toBeLessThan(400);
});

test('what is not there, but as somebody else tells it, is no answer', async () => {
  const { cloud } = await useRecordedAws(() => ({ status: 404, headers: { 'content-type': 'application/json' }, body: '{"message":"no Route matched"}' }));
  await expect(cloud.things.thing('a')).rejects.toMatchObject({ fault: 'unreachable' });
});
