import { expect, test } from 'vitest';
import type { CloudFault } from '../../../../scripts/cloud/cloud-error.ts';
import { bucketName, examine, fleetAccount, fleetPolicyArn, policyText, subject, waiting, withStatus } from '../../../helpers/fleet-account.ts';

test.each<[CloudFault, RegExp]>([
  ['no-credentials', /no AWS credentials were found/],
  ['expired-credentials', /the AWS credentials have expired/],
  ['bad-credentials', /AWS does not know these credentials/],
  ['unreachable', /AWS does not answer/],
])('%s: nothing else is asked, and what needs no AWS is still said', async (fault, found) => {
  const fleet = fleetAccount();
  fleet.cloud.gate.fail(fault);
  const examined = await examine(fleet);
  expect(examined['aws-credentials']?.found).toMatch(found);
  expect(examined['aws-credentials']?.remedy).toMatch(fault === 'unreachable' ? /^Check the network/ : /^Sign in again/);
  expect(withStatus('fail', examined)).toEqual(['aws-credentials']);
  expect(withStatus('ok', examined)).toEqual(['thing-name']);
  expect(waiting(examined)).toHaveLength(18);
  expect(fleet.cloud.gate.calls).toHaveLength(1);
});

test('the wrong account fails, and nothing is judged by what is in it', async () => {
  const examined = await examine(fleetAccount(), { about: { ...subject, account: '999999999999' } });
  expect(examined['aws-credentials']).toMatchObject({ status: 'fail', found: 'arn:aws:iam::123456789012:user/ada is in account 123456789012; expected 999999999999' });
  expect(waiting(examined)).toHaveLength(18);
});

test('while all is throttled, nothing is judged', async () => {
  const fleet = fleetAccount();
  fleet.cloud.gate.fail('throttled');
  const examined = await examine(fleet);
  expect(withStatus('ok', examined)).toEqual(['thing-name']);
  expect(withStatus('warning', examined)).toHaveLength(19);
});

test('a throttled call is a warning, and only where it was needed', async () => {
  const fleet = fleetAccount();
  fleet.cloud.gate.fail('throttled', { action: 'iot:DescribeThingGroup' });
  const examined = await examine(fleet);
  expect(withStatus('warning', examined)).toEqual(['device-fleet']);
  expect(examined['device-fleet']).toMatchObject({ found: expect.stringMatching(/^could not check: .*too many requests/), remedy: 'Try again in a few minutes.' });
});

test.each<[denied: string, warned: readonly string[]]>([
  ['iam:GetRole', ['role', 'role-alias', 'greengrass-policy', 'trust-credentials', 'trust-sagemaker', 'bucket-write']],
  // What the one kind of policies allows is still seen.
  ['iam:ListAttachedRolePolicies', ['managed-policy', 'full-access', 'bucket-write']],
  ['iam:ListRolePolicies', ['greengrass-policy']],
  ['iam:GetPolicy', ['bucket-write']],
  ['iot:DescribeRoleAlias', ['role-alias', 'alias-rights']],
  ['iot:DescribeThing', ['thing', 'heartbeat-rights']],
  ['iot:ListThingPrincipals', ['thing', 'alias-rights', 'heartbeat-rights']],
  ['iot:DescribeCertificate', ['thing', 'alias-rights', 'heartbeat-rights']],
  ['iot:ListAttachedPolicies', ['alias-rights', 'heartbeat-rights']],
  ['iot:GetPolicy', ['alias-rights', 'heartbeat-rights']],
  ['iot:DescribeThingGroup', ['device-fleet']],
  ['iot:ListThingGroupsForThing', ['device-registered']],
  ['greengrass:GetCoreDevice', ['core-device']],
  ['greengrass:ListInstalledComponents', ['custom-component']],
  ['s3:GetBucketLocation', ['bucket', 'bucket-write', 'bucket-safety']],
  ['s3:GetBucketPolicy', ['bucket', 'bucket-write', 'bucket-safety']],
])('without %s, only what needs it is unknown', async (denied, warned) => {
  const fleet = fleetAccount();
  fleet.cloud.gate.fail('access-denied', { action: denied });
  const examined = await examine(fleet);
  expect(withStatus('warning', examined)).toEqual(warned);
  expect(withStatus('fail', examined)).toEqual([]);
  for (const name of warned) expect(examined[name]?.found).toMatch(/could not (?:be )?check/);
  expect(examined[warned[0] ?? '']?.found).toMatch(new RegExp(`^could not check: needs ${denied}$`));
});

test('what is allowed by a policy that can be read needs no other', async () => {
  const fleet = fleetAccount();
  fleet.cloud.gate.fail('access-denied', { action: 'iam:GetPolicy' });
  expect((await examine(fleet))['greengrass-policy']).toMatchObject({ status: 'ok', found: expect.stringMatching(/; not all policies could be read \(needs iam:GetPolicy\)$/) });
});

test('what is denied by a policy that can be read is denied', async () => {
  const fleet = fleetAccount();
  fleet.cloud.gate.fail('access-denied', { action: 'iam:GetPolicy' });
  fleet.role.inline.set('Strict', policyText({ Effect: 'Deny', Action: 's3:*', Resource: '*' }));
  expect((await examine(fleet))['bucket-write']?.status).toBe('fail');
});

test('a boundary that cannot be read leaves a doubt', async () => {
  const fleet = fleetAccount('least-privilege');
  fleet.role.boundary = fleetPolicyArn;
  fleet.cloud.gate.fail('access-denied', { action: 'iam:GetPolicy' });
  expect((await examine(fleet))['bucket-write']).toMatchObject({ status: 'warning', found: expect.stringMatching(/whether a permissions boundary limits it could not be checked$/) });
});

test('where the role cannot be read, it is judged by the variant that was named', async () => {
  const fleet = fleetAccount('least-privilege');
  fleet.cloud.gate.fail('access-denied', { action: 'iam:GetRole' });
  expect((await examine(fleet, { variant: 'least-privilege' }))['managed-policy']?.status).toBe('n.a.');
  expect((await examine(fleet))['managed-policy']).toMatchObject({ status: 'warning', found: 'could not check: needs iam:GetRole' });
});

test('a bucket of somebody else is not judged', async () => {
  const fleet = fleetAccount();
  fleet.bucket.owner = '999999999999';
  const examined = await examine(fleet);
  expect(examined['bucket']).toMatchObject({ status: 'warning', found: 'could not check: needs s3:GetBucketLocation' });
  expect(examined['bucket-write']).toMatchObject({ status: 'warning', found: expect.stringContaining("whether the bucket's own policy agrees could not be checked") });
});

test('everything is asked for once', async () => {
  const fleet = fleetAccount();
  await examine(fleet);
  const calls = fleet.cloud.gate.calls.map(({ action, subject: about }) => `${action} ${about}`);
  expect(calls).toHaveLength(new Set(calls).size);
  expect(calls).toContain(`s3:GetBucketPolicy bucket ${bucketName}`);
  expect(fleet.cloud.gate.changes).toEqual([]);
});
