import { expect, test } from 'vitest';
import { FescueError } from '../../../components/common/errors.ts';
import type { CloudFault } from '../../../scripts/cloud/cloud-error.ts';
import { cloudError, type Detail } from '../../../scripts/cloud/explain.ts';
import { openCloudAccess } from '../../../scripts/doctor/cloud-access.ts';
import { memoryCloud } from '../../helpers/memory-cloud.ts';

const options = { region: 'eu-west-1', profile: undefined };

test.each<[CloudFault, Detail, found: string, remedy: RegExp]>([
  ['no-credentials', {}, 'no AWS credentials were found', /^Sign in again, .*AWS_SESSION_TOKEN\. Or leave the account out with --device\.$/],
  ['expired-credentials', { problem: 'the session of AWS IAM Identity Center (SSO) has ended', remedy: 'Sign in again: aws sso login --profile work' }, 'the session of AWS IAM Identity Center (SSO) has ended', /^Leave the account out with --device, or: Sign in again: aws sso login --profile work$/],
  ['unreachable', {}, 'AWS does not answer', /^Check the network/],
])('%s: the account is not checked, and a command in the remedy can be copied', async (fault, detail, found, remedy) => {
  const connect = async () => Promise.resolve({ ...memoryCloud(), identity: { caller: async () => Promise.reject(cloudError(fault, { action: 'sts:GetCallerIdentity', subject: 'the AWS credentials' }, detail)) } });
  expect(await openCloudAccess(connect, options)).toMatchObject({ cloud: undefined, verdict: { status: 'warning', found: `the account is not checked: ${found}`, remedy: expect.stringMatching(remedy) as string } });
});

test('what cannot even begin is told alike', async () => {
  const connect = async () => Promise.reject(new FescueError('failed-precondition', 'The AWS region is not known. Name it with --region.'));
  expect(await openCloudAccess(connect, options)).toMatchObject({ verdict: { found: 'the account is not checked: The AWS region is not known', remedy: 'Name it with --region. Or leave the account out with --device.' } });
});
