import { expect, test } from 'vitest';
import type { AwsAnswer } from '../../helpers/aws-server.ts';
import { json, queryAnswer, queryError, restError, s3Failure, useRecordedAws } from '../../helpers/recorded-aws.ts';
import { useEnvironment } from '../../helpers/use-environment.ts';

const role = queryAnswer('GetRole', '<Role><RoleName>SageMakerX</RoleName><Arn>arn:aws:iam::123456789012:role/SageMakerX</Arn><AssumeRolePolicyDocument>%7B%7D</AssumeRolePolicyDocument></Role>');

test.each<[string, AwsAnswer]>([
  ['throttled', queryError(400, 'Throttling', 'Rate exceeded')],
  ['out of order', queryError(503, 'ServiceUnavailable')],
  ['cut', 'cut'],
])('a call that is %s is tried again', async (_, failure) => {
  let failures = 2;
  const { cloud, requests } = await useRecordedAws(() => ((failures -= 1) >= 0 ? failure : role));
  expect(await cloud.roles.get('SageMakerX')).toMatchObject({ name: 'SageMakerX' });
  expect(requests).toHaveLength(3);
});

test.each<[string, AwsAnswer]>([
  ['IAM', queryError(400, 'Throttling', 'Rate exceeded')],
  ['IoT Core', restError(429, 'ThrottlingException', 'Rate exceeded')],
  ['a service with a status alone', { status: 429, headers: { 'content-type': 'application/json' }, body: '{}' }],
])('whatever %s throttles for ever ends, and says so', async (service, failure) => {
  const { cloud, requests } = await useRecordedAws(() => failure, { attempts: 5 });
  const call = service === 'IAM' ? cloud.roles.get('x') : cloud.things.thing('x');
  await expect(call).rejects.toMatchObject({ fault: 'throttled', kind: 'unavailable', message: expect.stringMatching(/too many requests, also after several attempts\. Try again in a few minutes\.$/) as string });
  expect(requests).toHaveLength(5);
});

test('S3 is asked to slow down', async () => {
  const { cloud, requests } = await useRecordedAws(() => s3Failure(503, 'SlowDown'), { attempts: 4 });
  await expect(cloud.buckets.get('sagemaker-x')).rejects.toMatchObject({ fault: 'throttled' });
  expect(requests).toHaveLength(4);
});

test('AWS_MAX_ATTEMPTS says how often', async () => {
  useEnvironment({ AWS_MAX_ATTEMPTS: '2' });
  const { cloud, requests } = await useRecordedAws(() => queryError(400, 'Throttling'));
  await expect(cloud.roles.get('x')).rejects.toMatchObject({ fault: 'throttled' });
  expect(requests).toHaveLength(2);
});

test('what failed in AWS is tried three times', async () => {
  const { cloud, requests } = await useRecordedAws(() => queryError(500, 'ServiceFailure'));
  await expect(cloud.roles.get('x')).rejects.toMatchObject({ fault: 'unreachable', message: expect.stringContaining('out of order (500 ServiceFailure)') as string });
  expect(requests).toHaveLength(3);
});

test.each<[string, AwsAnswer]>([
  ['a quota, which the SDK takes for throttling', queryError(409, 'LimitExceeded', 'Cannot exceed quota for RolesPerAccount: 1000')],
  ['a refusal', queryError(403, 'AccessDenied')],
  ['a conflict', queryError(409, 'EntityAlreadyExists')],
  ['a page of somebody else', { headers: { 'content-type': 'text/html' }, body: '<!doctype html><html><p>Sign in to the network</p></html>' }],
])('%s is not tried again', async (_, failure) => {
  const { cloud, requests } = await useRecordedAws(() => failure);
  await expect(cloud.roles.create({ name: 'SageMakerX', description: '', trust: '{}', tags: {} })).rejects.toThrow();
  expect(requests).toHaveLength(1);
});

test('a server that is silent is left after a while', async () => {
  const { cloud, requests } = await useRecordedAws(() => 'hang', { requestTimeoutMs: 50 });
  await expect(cloud.things.thing('x')).rejects.toMatchObject({ fault: 'unreachable', message: expect.stringMatching(/AWS does not answer \(\w+\)/) as string });
  expect(requests).toHaveLength(3);
});

test('a clock that is wrong is made up for', async () => {
  let isFirst = true;
  const { cloud, requests } = await useRecordedAws(() => {
    const answer = isFirst ? { ...(restError(403, 'InvalidSignatureException', 'Signature expired: 20230314T161130Z is now earlier than 20300314T161130Z') as object), headers: { 'x-amzn-errortype': 'InvalidSignatureException', date: new Date(Date.now() + 3_600_000).toUTCString() } } : json({ thingName: 'x', thingArn: 'arn', attributes: {} });
    isFirst = false;
    return answer;
  });
  expect(await cloud.things.thing('x')).toMatchObject({ name: 'x' });
  expect(requests).toHaveLength(2);
});
