import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IAM } from '@aws-sdk/client-iam';
import { IoT } from '@aws-sdk/client-iot';
import { S3 } from '@aws-sdk/client-s3';
import { STS } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { fileCredentials } from '../../scripts/local-nucleus/credential-source.ts';
import { complaints, examine } from '../helpers/doctor-report.ts';
import { fescueIn } from '../helpers/run-command.ts';
import { startCamera, type Camera } from '../helpers/start-camera.ts';
import { useEnvironment } from '../helpers/use-environment.ts';
import { useMoto, type MotoAccount } from '../helpers/use-moto.ts';

const fleet = ['--fleet', 'lobby', '--thing', 'camera-4'];
const names = { role: 'SageMakerFescue-lobby', alias: 'SageMakerEdge-lobby', bucket: 'sagemaker-lobby-123456789012-eu-west-1' };
/** As the installer of Greengrass calls them. */
const policies = { thing: 'GreengrassV2IoTThingPolicy', alias: `GreengrassTESCertificatePolicy${names.alias}` };
const edgePolicy = 'arn:aws:iam::aws:policy/service-role/AmazonSageMakerEdgeDeviceFleetPolicy';
const documented = ['--as-documented'];

const openTrust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'credentials.iot.amazonaws.com' }, Action: 'sts:AssumeRole' }] });

type Hands = { readonly account: MotoAccount; readonly iam: IAM; readonly iot: IoT; readonly s3: S3; readonly sts: STS; readonly certificate: string };

/** An account made ready by setup, and a device in it as its installer leaves it: with a certificate, and known to Greengrass. */
async function useFleet(flags: readonly string[]): Promise<Hands> {
  const account = await useMoto();
  useEnvironment(account.environment);
  const hands = { account, iam: new IAM(), iot: new IoT(), s3: new S3({ forcePathStyle: true }), sts: new STS() };
  onTestFinished(() => [hands.iam, hands.iot, hands.s3, hands.sts].forEach((client) => client.destroy()));
  expect(await fescueIn(account.environment, 'setup', ...fleet, ...flags, '--apply')).toMatchObject({ code: 0 });
  const certificate = await provision(hands.iot);
  const installed = [{ componentName: 'dev.fescue.Inference', componentVersion: '0.1.0', lifecycleState: 'RUNNING', isRoot: true }];
  account.cores.set('camera-4', { coreVersion: '2.14.0', status: 'HEALTHY', lastStatusUpdateTimestamp: Date.now() / 1000, installed });
  return { ...hands, certificate };
}

/** @returns the certificate's ARN */
async function provision(iot: IoT): Promise<string> {
  const { certificateArn: certificate = '' } = await iot.createKeysAndCertificate({ setAsActive: true });
  await iot.attachThingPrincipal({ thingName: 'camera-4', principal: certificate });
  await iot.createPolicy({ policyName: policies.thing, policyDocument: documentOf({ Effect: 'Allow', Action: ['iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive', 'greengrass:*'], Resource: '*' }) });
  await iot.createPolicy({ policyName: policies.alias, policyDocument: documentOf({ Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource: `arn:aws:iot:eu-west-1:123456789012:rolealias/${names.alias}` }) });
  for (const policyName of Object.values(policies)) await iot.attachPolicy({ policyName, target: certificate });
  return certificate;
}

function documentOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** What doctor complains about, and how it ends. */
async function examineAccount(...args: string[]): Promise<{ code: number | null; found: Record<string, string> }> {
  const examined = await examine('--cloud', ...fleet, '--region', 'eu-west-1', ...args);
  return { code: examined.code, found: complaints(examined) };
}

const only = (check: string, found: RegExp): unknown => ({ code: 1, found: { [check]: expect.stringMatching(found) as string } });

async function putInline({ iam }: Hands, name: string, statement: object): Promise<void> {
  await iam.putRolePolicy({ RoleName: names.role, PolicyName: name, PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statement }) });
}

/** Takes a service out of those that may take the role. */
async function distrust({ iam }: Hands, service: string): Promise<void> {
  const { Role: { AssumeRolePolicyDocument = '' } = {} } = await iam.getRole({ RoleName: names.role });
  const trust = JSON.parse(decodeURIComponent(AssumeRolePolicyDocument)) as { Statement: { Principal: { Service: string } }[] };
  const Statement = trust.Statement.filter(({ Principal }) => Principal.Service !== service);
  await iam.updateAssumeRolePolicy({ RoleName: names.role, PolicyDocument: JSON.stringify({ ...trust, Statement }) });
}

async function deleteInlinePolicies({ iam }: Hands): Promise<void> {
  const { PolicyNames = [] } = await iam.listRolePolicies({ RoleName: names.role });
  for (const PolicyName of PolicyNames) await iam.deleteRolePolicy({ RoleName: names.role, PolicyName });
}

describe('an account that setup made ready', () => {
  test.each([['least privilege', []], ['as documented', documented]])('%s: nothing to complain about, also when it is made ready again', async (_, flags) => {
    const { account } = await useFleet(flags);
    expect(await examineAccount()).toEqual({ code: 0, found: {} });
    const { stdout } = await fescueIn(account.environment, 'setup', ...fleet, ...flags, '--json');
    expect((JSON.parse(stdout) as { steps: { change: string }[] }).steps.filter(({ change }) => change !== 'keep')).toEqual([]);
    expect(await examineAccount()).toEqual({ code: 0, found: {} });
  });

  test.each<[string, readonly string[], (hands: Hands) => Promise<unknown>, string, RegExp]>([
    ['the managed policy is detached', documented, async ({ iam }) => iam.detachRolePolicy({ RoleName: names.role, PolicyArn: edgePolicy }), 'managed-policy', /^fail: /],
    ['the inline policy of the document is gone', documented, deleteInlinePolicies, 'greengrass-policy', /^fail: .*greengrass:CreateComponentVersion/],
    ['the inline policy of the document is denied', documented, async (hands) => putInline(hands, 'guard', { Sid: 'Guard', Effect: 'Deny', Action: 'greengrass:Describe*', Resource: '*' }), 'greengrass-policy', /^fail: .*Guard/],
    ['IoT may not take the role', documented, async (hands) => distrust(hands, 'credentials.iot.amazonaws.com'), 'trust-credentials', /^fail: /],
    ['IoT may not take the role of least privilege', [], async ({ iam }) => iam.updateAssumeRolePolicy({ RoleName: names.role, PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::123456789012:root' }, Action: 'sts:AssumeRole' }] }) }), 'trust-credentials', /^fail: /],
    ['SageMaker may not take the role', documented, async (hands) => distrust(hands, 'sagemaker.amazonaws.com'), 'trust-sagemaker', /^fail: /],
    ['the alias is gone', [], async ({ iot }) => iot.deleteRoleAlias({ roleAlias: names.alias }), 'role-alias', /^fail: /],
    ['the alias points to another role', [], pointElsewhere, 'role-alias', /^fail: .*SageMakerOther/],
    ['the thing is gone', [], deleteThing, 'thing', /^fail: /],
    ['the certificate is deactivated', [], async ({ iot, certificate }) => iot.updateCertificate({ certificateId: certificate.slice(certificate.lastIndexOf('/') + 1), newStatus: 'INACTIVE' }), 'thing', /^fail: .*INACTIVE/],
    ['the IoT policy is detached', [], async ({ iot, certificate }) => iot.detachPolicy({ policyName: policies.thing, target: certificate }), 'heartbeat-rights', /^fail: iot:Publish/],
    ['publishing is narrowed', [], narrowPublish, 'heartbeat-rights', /^fail: iot:Publish on .*:topic\/fescue\/fleet\/lobby\/camera-4\/heartbeat/],
    ['the IoT policy of the role alias is detached', [], async ({ iot, certificate }) => iot.detachPolicy({ policyName: policies.alias, target: certificate }), 'alias-rights', /^fail: iot:AssumeRoleWithCertificate/],
    ['the thing is not in the fleet', [], async ({ iot }) => iot.removeThingFromThingGroup({ thingName: 'camera-4', thingGroupName: 'lobby' }), 'device-registered', /^fail: /],
    ['the fleet is gone', [], async ({ iot }) => iot.deleteThingGroup({ thingGroupName: 'lobby' }), 'device-fleet', /^fail: /],
    ['no component of one\'s own is installed', [], async ({ account }) => editCore(account, { installed: [{ componentName: 'aws.greengrass.Nucleus', componentVersion: '2.14.0', lifecycleState: 'FINISHED', isRoot: true }] }), 'custom-component', /^fail: /],
    ['the nucleus is of the first generation', [], async ({ account }) => editCore(account, { coreVersion: '1.11.6' }), 'core-device', /^fail: .*1\.11\.6/],
    ['the bucket is gone', [], async ({ s3 }) => s3.deleteBucket({ Bucket: names.bucket }), 'bucket', /^fail: /],
    ['the role may not write to the bucket', [], deleteInlinePolicies, 'bucket-write', /^fail: /],
    ['writing to the bucket is denied to the role', documented, async (hands) => putInline(hands, 'guard', [{ Sid: 'ReadOnly', Effect: 'Deny', NotAction: ['s3:Get*', 's3:List*'], Resource: `arn:aws:s3:::${names.bucket}/*` }]), 'bucket-write', /^fail: .*ReadOnly/],
    ['writing to the bucket is denied by the bucket', [], async ({ s3 }) => s3.putBucketPolicy({ Bucket: names.bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement: { Sid: 'Closed', Effect: 'Deny', Principal: '*', Action: 's3:Put*', Resource: `arn:aws:s3:::${names.bucket}/*` } }) }), 'bucket-write', /^fail: .*Closed/],
  ])('%s: that check fails and no other', async (_, flags, damage, check, found) => {
    const hands = await useFleet(flags);
    await damage(hands);
    expect(await examineAccount()).toEqual(only(check, found));
  });

  test('the role is gone: that check fails, and setup makes it again', async () => {
    const { account, iam } = await useFleet([]);
    await deleteInlinePolicies({ iam } as Hands);
    await iam.deleteRole({ RoleName: names.role });
    expect(await examineAccount()).toEqual(only('role', /^fail: /));
    expect(await fescueIn(account.environment, 'setup', ...fleet, '--apply')).toMatchObject({ code: 0 });
    expect(await examineAccount()).toEqual({ code: 0, found: {} });
  });

  test('names that break the rules, and another account than was said', async () => {
    const { iam } = await useFleet([]);
    expect(await examineAccount('--account', '210987654321')).toEqual(only('aws-credentials', /^fail: .*123456789012/));
    expect((await examineAccount('--thing', 'Camera_4')).found).toMatchObject({ 'thing-name': expect.stringMatching(/^fail: .*Camera_4/) as string });
    await iam.createRole({ RoleName: 'GreengrassRole', AssumeRolePolicyDocument: openTrust });
    expect((await examineAccount('--role', 'GreengrassRole')).found).toMatchObject({ 'role-name': expect.stringMatching(/^fail: .*GreengrassRole/) as string });
  });

  test('what the operator may not look at is told, with the action it takes', async () => {
    const { account } = await useFleet([]);
    const denied = '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::123456789012:user/ada is not authorized to perform: iam:GetRole</Message></Error></ErrorResponse>';
    account.intercept = ({ action }) => (action === 'GetRole' ? { status: 403, headers: { 'content-type': 'text/xml' }, body: denied } : undefined);
    const { code, found } = await examineAccount();
    expect(code).toBe(0);
    expect(found).toMatchObject({ role: 'warning: could not check: needs iam:GetRole' });
    expect(Object.values(found).filter((text) => text.startsWith('fail'))).toEqual([]);
  });
});

async function pointElsewhere({ iam, iot }: Hands): Promise<void> {
  const { Role } = await iam.createRole({ RoleName: 'SageMakerOther', AssumeRolePolicyDocument: openTrust });
  await iot.updateRoleAlias({ roleAlias: names.alias, roleArn: Role?.Arn });
}

async function narrowPublish({ iot }: Hands): Promise<void> {
  const policyDocument = documentOf({ Effect: 'Allow', Action: ['iot:Connect', 'iot:Subscribe', 'iot:Receive'], Resource: '*' }, { Effect: 'Allow', Action: 'iot:Publish', Resource: 'arn:aws:iot:eu-west-1:123456789012:topic/$aws/things/${iot:Connection.Thing.ThingName}/*' });
  await iot.createPolicyVersion({ policyName: policies.thing, policyDocument, setAsDefault: true });
}

async function deleteThing({ iot }: Hands): Promise<void> {
  const { principals = [] } = await iot.listThingPrincipals({ thingName: 'camera-4' });
  for (const principal of principals) await iot.detachThingPrincipal({ thingName: 'camera-4', principal });
  await iot.removeThingFromThingGroup({ thingName: 'camera-4', thingGroupName: 'lobby' });
  await iot.deleteThing({ thingName: 'camera-4' });
}

async function editCore({ cores }: MotoAccount, change: object): Promise<void> {
  const core = cores.get('camera-4');
  if (core === undefined) throw new Error('there is no core device');
  cores.set('camera-4', { ...core, ...change });
  return Promise.resolve();
}

describe('a device and its account together', { timeout: 180_000 }, () => {
  let camera: Camera;
  let credentials = '/nowhere';

  beforeAll(async () => {
    camera = await startCamera({ credentials: async () => fileCredentials(credentials)() });
  }, 180_000);
  afterAll(async () => camera?.stop(), 60_000);

  test.each([['least privilege', []], ['as documented', documented]])('%s: all is green, and after setup took everything away the account is empty', async (_, flags) => {
    const { account, sts, iot } = await useFleet(flags);
    const { Credentials: given } = await sts.assumeRole({ RoleArn: `arn:aws:iam::123456789012:role/${names.role}`, RoleSessionName: 'camera-4' });
    credentials = join(camera.folder, 'credentials.json');
    await writeFile(credentials, JSON.stringify(given));
    useEnvironment({ PATH: `${join(camera.folder, 'bin')}:${process.env['PATH'] ?? ''}` });
    const examined = await examine('--root', camera.root);
    expect({ code: examined.code, found: complaints(examined) }).toEqual({ code: 0, found: {} });
    expect(examined.report.checks.find(({ name }) => name === 'credentials')?.found).toMatch(new RegExp(`assumed-role/${names.role}/camera-4`));
    expect(JSON.stringify(examined.report)).not.toContain(given?.SecretAccessKey);

    const { principals = [] } = await iot.listThingPrincipals({ thingName: 'camera-4' });
    for (const principal of principals) await iot.detachThingPrincipal({ thingName: 'camera-4', principal });
    expect(await fescueIn(account.environment, 'setup', '--fleet', 'lobby', '--destroy', '--apply')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing of it is left.\n') as string });
    const after = await examineAccount();
    expect([after.code, Object.keys(after.found).filter((name) => after.found[name]?.startsWith('fail'))]).toEqual([1, ['thing', 'role', 'device-fleet', 'bucket']]);
  });
});
