import { expect, test } from 'vitest';
import type { CloudCall } from '../../../scripts/cloud/explain.ts';
import { decide } from '../../../scripts/policy/decide.ts';
import { parsePolicy } from '../../../scripts/policy/parse-policy.ts';
import { operatorPolicy } from '../../../scripts/setup/operator-policy.ts';
import { policyText } from '../../../scripts/setup/written-policy.ts';
import { examine, fleetAccount } from '../../helpers/fleet-account.ts';
import { memoryCloud } from '../../helpers/memory-cloud.ts';
import { applied, usual, wishOf } from '../../helpers/setup-fleet.ts';

const region = 'eu-west-1';
const account = '123456789012';

/** Of what a call of the cloud in memory is about. */
function arnOf(subject: string): string {
  const [, kind = '', name = ''] = /^(role alias|thing group|role|bucket|thing|policy|certificate|IoT policy|IoT policies of|core device) (\S+)/.exec(subject) ?? [];
  const arns: Readonly<Record<string, string>> = {
    role: `arn:aws:iam::${account}:role/${name}`,
    policy: name,
    'role alias': `arn:aws:iot:${region}:${account}:rolealias/${name}`,
    'thing group': `arn:aws:iot:${region}:${account}:thinggroup/${name}`,
    thing: `arn:aws:iot:${region}:${account}:thing/${name}`,
    bucket: `arn:aws:s3:::${name}`,
    certificate: `arn:aws:iot:${region}:${account}:cert/${name}`,
    'IoT policy': `arn:aws:iot:${region}:${account}:policy/${name}`,
    'IoT policies of': name,
    'core device': `arn:aws:greengrass:${region}:${account}:coreDevices:${name}`,
  };
  return arns[kind] ?? '*';
}

function openCalls(calls: readonly CloudCall[]): readonly CloudCall[] {
  const document = parsePolicy(policyText(operatorPolicy(wishOf(), { region })), { name: 'operator', kind: 'identity' });
  return calls.filter(({ action }) => action !== 'sts:GetCallerIdentity').filter(({ action, subject }) => {
    const { effect } = decide({ policies: [{ name: 'operator', document }], request: { action, resource: arnOf(subject) } });
    // Which policy is attached, the cloud in memory does not tell.
    return effect !== 'allowed' && !(effect === 'conditional' && action === 'iam:AttachRolePolicy');
  });
}

test('allows all that setup asks of AWS, whatever it does', async () => {
  const cloud = memoryCloud();
  for (const wish of [wishOf(), wishOf({ variant: 'as-documented', fullAccess: true }), wishOf()]) await applied(cloud, wish);
  cloud.account.things.set('cam-2', { attributes: {}, principals: new Set() });
  await applied(cloud, wishOf({ things: ['cam-2'] }));
  await applied(cloud, wishOf(), 'destroy');
  expect(openCalls(cloud.gate.calls)).toEqual([]);
});

test('allows all that doctor asks of AWS', async () => {
  const fleet = fleetAccount();
  await examine(fleet);
  expect(openCalls(fleet.cloud.gate.calls)).toEqual([]);
  expect(fleet.cloud.gate.calls.map(({ action }) => action)).toContain('iot:ListAttachedPolicies');
});

test.each([
  ['another role', 'iam:PutRolePolicy', `arn:aws:iam::${account}:role/Admin`],
  ['another bucket', 's3:PutBucketPolicy', 'arn:aws:s3:::captures'],
  ['the bucket of a fleet whose name goes on', 's3:DeleteBucket', `arn:aws:s3:::sagemaker-lobby-2-${account}-${region}`],
  ['the role of a fleet whose name goes on', 'iam:DeleteRole', `arn:aws:iam::${account}:role/${usual.role}-2`],
  ['captures', 's3:GetObject', `arn:aws:s3:::${usual.bucket}/sme-capture/lobby/a.jsonl`],
  ['another alias', 'iot:UpdateRoleAlias', `arn:aws:iot:${region}:${account}:rolealias/Other`],
  ['another region', 'iot:CreateThing', `arn:aws:iot:us-east-1:${account}:thing/cam-1`],
])('does not allow %s', (_name, action, resource) => {
  const document = parsePolicy(policyText(operatorPolicy(wishOf(), { region })), { name: 'operator', kind: 'identity' });
  expect(decide({ policies: [{ name: 'operator', document }], request: { action, resource } }).effect).toBe('not-allowed');
});

test('no policy is attached but those of the prerequisites', () => {
  const document = parsePolicy(policyText(operatorPolicy(wishOf(), { region: 'cn-north-1' })), { name: 'operator', kind: 'identity' });
  const attaching = (arn: string): string => decide({ policies: [{ name: 'operator', document }], request: { action: 'iam:AttachRolePolicy', resource: `arn:aws-cn:iam::${account}:role/${usual.role}`, context: { 'iam:PolicyARN': arn } } }).effect;
  expect(attaching('arn:aws-cn:iam::aws:policy/service-role/AmazonSageMakerEdgeDeviceFleetPolicy')).toBe('allowed');
  expect(attaching('arn:aws-cn:iam::aws:policy/AdministratorAccess')).toBe('not-allowed');
});
