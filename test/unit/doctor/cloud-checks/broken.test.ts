import { expect, test } from 'vitest';
import { cloudChecks } from '../../../../scripts/doctor/cloud-checks/cloud-checks.ts';
import { bucketName, certificateArn, examine, type FleetAccount, fleetAccount, fleetPolicyArn, policyText, roleName, trustText, waiting, withStatus } from '../../../helpers/fleet-account.ts';

const iot = 'credentials.iot.amazonaws.com';
const sageMaker = 'sagemaker.amazonaws.com';

test('where the document was followed, nothing is wrong', async () => {
  const examined = await examine(fleetAccount());
  expect(withStatus('ok', examined)).toEqual(cloudChecks.map(({ name }) => name));
  expect(Object.keys(examined)).toHaveLength(20);
});

test('of a role of least privilege, only what devices need is asked', async () => {
  const examined = await examine(fleetAccount('least-privilege'));
  expect(withStatus('n.a.', examined)).toEqual(['managed-policy', 'greengrass-policy', 'trust-sagemaker']);
  expect(withStatus('ok', examined)).toHaveLength(17);
  expect(withStatus('fail', await examine(fleetAccount('least-privilege'), { variant: 'as-documented' }))).toEqual(['managed-policy', 'greengrass-policy', 'trust-sagemaker']);
});

const roleChecks = ['role-name', 'role-alias', 'managed-policy', 'full-access', 'greengrass-policy', 'trust-credentials', 'trust-sagemaker', 'bucket-write'].map((name) => `${name}: role`).toSpliced(2, 0, 'alias-rights: role-alias');
const ofThing = ['core-device', 'alias-rights', 'device-registered', 'custom-component', 'heartbeat-rights'].map((name) => `${name}: thing`);
const deny = (...actions: readonly string[]): string => policyText({ Sid: 'No', Effect: 'Deny', Action: actions, Resource: '*' });

type Fault = readonly [what: string, break_: (fleet: FleetAccount) => void, fails: string, waits: readonly string[], remedy: RegExp];

test.each<Fault>([
  ['the thing is deleted', ({ account }) => account.things.delete('camera-1'), 'thing', ofThing, /^fescue setup --fleet lobby --thing camera-1 --region eu-west-1 --apply$/],
  ['the certificate is deactivated', ({ account }) => account.certificates.set(certificateArn, 'INACTIVE'), 'thing', ofThing, /^Unless somebody had a reason to deactivate it: aws iot update-certificate --certificate-id abc --new-status ACTIVE --region eu-west-1$/],
  ['the certificate is revoked', ({ account }) => account.certificates.set(certificateArn, 'REVOKED'), 'thing', ofThing, /^Give the device another certificate/],
  ['the core device is unknown', ({ account }) => account.cores.clear(), 'core-device', ['custom-component: core-device'], /Install Greengrass V2/],
  ['the role is deleted', ({ account }) => account.roles.delete(roleName), 'role', roleChecks, /^fescue setup --fleet lobby /],
  ['the alias is deleted', ({ account }) => account.roleAliases.clear(), 'role-alias', ['alias-rights: role-alias'], /^fescue setup --fleet lobby /],
  ['the alias points to another role', ({ account }) => void account.roleAliases.set('SageMakerEdge-lobby', { roleArn: 'arn:aws:iam::123456789012:role/Other', credentialSeconds: 3600, tags: {} }), 'role-alias', ['alias-rights: role-alias'], new RegExp(`^aws iot update-role-alias --role-alias SageMakerEdge-lobby --role-arn arn:aws:iam::123456789012:role/${roleName} --region eu-west-1$`)],
  ['the managed policy is detached', ({ role }) => role.attached.clear(), 'managed-policy', ['bucket-write: managed-policy'], new RegExp(`^aws iam attach-role-policy --role-name ${roleName} --policy-arn ${fleetPolicyArn}$`)],
  ['the inline policy is deleted', ({ role }) => role.inline.clear(), 'greengrass-policy', [], /^aws iam put-role-policy --role-name SageMakerFescue-lobby --policy-name GreengrassComponentAccess --policy-document '\{.*\}'$/],
  ['components are denied', ({ role }) => role.inline.set('Strict', deny('greengrass:*')), 'greengrass-policy', [], /^Take out or narrow statement No of the inline policy Strict: IAM console, Roles, SageMakerFescue-lobby, Permissions\.$/],
  ['the role no longer trusts devices', ({ role }) => (role.trust = trustText(sageMaker)), 'trust-credentials', [], /^aws iam update-assume-role-policy .*sagemaker\.amazonaws\.com.*credentials\.iot\.amazonaws\.com/],
  ['the role no longer trusts SageMaker', ({ role }) => (role.trust = trustText(iot)), 'trust-sagemaker', [], /^aws iam update-assume-role-policy .*credentials\.iot\.amazonaws\.com.*sagemaker\.amazonaws\.com/],
  ['the group is deleted', ({ account }) => account.groups.clear(), 'device-fleet', ['device-registered: device-fleet'], /^fescue setup --fleet lobby /],
  ['the thing is taken from the group', ({ account }) => account.groups.get('lobby')?.members.clear(), 'device-registered', [], /^aws iot add-thing-to-thing-group --thing-name camera-1 --thing-group-name lobby --region eu-west-1$/],
  ['nothing of ours is deployed', ({ account }) => Object.assign(account.cores.get('camera-1') ?? {}, { components: [{ name: 'aws.greengrass.Cli', version: '2.12.6', state: 'RUNNING', isRoot: true }] }), 'custom-component', [], /^fescue deploy /],
  ['the bucket is deleted', ({ account }) => account.buckets.clear(), 'bucket', ['bucket-write: bucket', 'bucket-safety: bucket'], /^fescue setup --fleet lobby /],
  ['the bucket is in another region', ({ bucket }) => (bucket.region = 'us-east-1'), 'bucket', ['bucket-write: bucket', 'bucket-safety: bucket'], /--region us-east-1/],
  ['writing is denied to the role', ({ role }) => role.inline.set('Strict', deny('s3:PutObject')), 'bucket-write', [], /^Take out or narrow statement No of the inline policy Strict: IAM console, Roles, SageMakerFescue-lobby, Permissions\.$/],
  ['the bucket denies writing', ({ bucket }) => (bucket.policy = policyText({ Sid: 'No', Effect: 'Deny', Principal: '*', Action: 's3:Put*', Resource: `arn:aws:s3:::${bucketName}/*` })), 'bucket-write', [], /^Take out or narrow statement No of the bucket policy: S3 console, sagemaker-lobby-123456789012-eu-west-1, Permissions, Bucket policy\.$/],
])('%s: that check fails alone', async (_, break_, fails, waits, remedy) => {
  const fleet = fleetAccount();
  break_(fleet);
  const examined = await examine(fleet);
  expect(withStatus('fail', examined)).toEqual([fails]);
  expect(waiting(examined)).toEqual(waits);
  expect(examined[fails]?.remedy).toMatch(remedy);
});

test.each<Fault>([
  ['its policy is deleted', ({ role }) => role.inline.clear(), 'bucket-write', [], /^aws iam put-role-policy .*sme-capture\/lobby\/\*/],
  ['its policy is for another bucket', ({ role }) => role.inline.set('fescue-lobby', policyText({ Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::sagemaker-other/*' })), 'bucket-write', [], /^aws iam put-role-policy /],
  ['it no longer trusts devices', ({ role }) => (role.trust = trustText('lambda.amazonaws.com')), 'trust-credentials', [], /update-assume-role-policy/],
])('of a role of least privilege, %s: that check fails alone', async (_, break_, fails, waits, remedy) => {
  const fleet = fleetAccount('least-privilege');
  break_(fleet);
  const examined = await examine(fleet);
  expect(withStatus('fail', examined)).toEqual([fails]);
  expect(waiting(examined)).toEqual(waits);
  expect(examined[fails]?.remedy).toMatch(remedy);
});
