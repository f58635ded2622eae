import { expect, test } from 'vitest';
import type { Subject } from '../../../../scripts/doctor/check.ts';
import { cloudChecks } from '../../../../scripts/doctor/cloud-checks/cloud-checks.ts';
import { bucketName, examine, fleetAccount, policyText, subject, trustText, withStatus } from '../../../helpers/fleet-account.ts';

test.each([
  ['camera-1', 'ok', /^camera-1$/],
  ['Camera-1', 'fail', /^"Camera-1" has capitals; expected /],
  ['camera_1', 'fail', /has underscores;/],
  ['floor:camera', 'fail', /has colons;/],
  ['GreengrassV2IotThing_1b2c', 'fail', /has capitals, underscores;/],
  ['caméra 1', 'fail', /has characters that are no letters and digits;/],
  ['camera-', 'fail', /has a dash at an end;/],
  ['', 'fail', /has no characters;/],
  ['c'.repeat(64), 'fail', /has 64 characters;/],
])('a thing called %j: %s', async (thing, status, found) => {
  const fleet = fleetAccount();
  fleet.account.things.set(thing, { attributes: {}, principals: new Set(['cert']) });
  const verdict = (await examine(fleet, { about: { ...subject, thing } }))['thing-name'];
  expect(verdict?.status).toBe(status);
  expect(verdict?.found).toMatch(found);
});

test('a better name for a thing is named, and one that cannot be is not looked for', async () => {
  const examined = await examine(fleetAccount(), { about: { ...subject, thing: 'Ground Floor: Camera_1' } });
  expect(examined['thing-name']?.remedy).toMatch(/aws iot create-thing --thing-name ground-floor-camera-1 --region eu-west-1$/);
  expect(examined['thing']).toEqual({ status: 'n.a.', found: 'waits for thing-name' });
});

test('a thing of IoT Core with a name that is not for devices is looked at, all the same', async () => {
  const fleet = fleetAccount();
  fleet.account.things.set('Camera_1', { attributes: {}, principals: new Set() });
  const examined = await examine(fleet, { about: { ...subject, thing: 'Camera_1' } });
  expect(examined['thing']).toMatchObject({ status: 'warning', found: 'Camera_1 has no certificate: nothing can connect as it yet' });
});

test('what nobody named does not apply', async () => {
  const examined = await examine(fleetAccount(), { about: {} });
  expect(withStatus('ok', examined)).toEqual(['aws-credentials']);
  expect(withStatus('n.a.', examined)).toHaveLength(19);
  for (const name of withStatus('n.a.', examined)) expect(examined[name]?.remedy).toMatch(/^Name /);
});

const behindAlias: Subject = { roleAlias: 'Alias', thing: 'camera-1' };

test('the role behind the alias that a device uses is the one in question', async () => {
  const fleet = fleetAccount();
  fleet.account.roleAliases.set('Alias', { roleArn: 'arn:aws:iam::123456789012:role/service-role/Camera', credentialSeconds: 3600, tags: {} });
  expect(withStatus('fail', await examine(fleet, { about: behindAlias }))).toEqual(['role']);
  fleet.account.roles.set('Camera', fleet.role);
  const examined = await examine(fleet, { about: behindAlias });
  expect(examined['role-name']).toMatchObject({ status: 'fail', found: 'Camera; expected SageMaker and up to 55 letters, digits and _+=,.@-' });
  expect(examined['managed-policy']?.status).toBe('ok');
});

test('an alias of a device that is not there is said once', async () => {
  const examined = await examine(fleetAccount(), { about: behindAlias });
  expect(withStatus('fail', examined)).toEqual(['role-alias']);
});

test('an alias of a device that points elsewhere than to the role of its fleet is told', async () => {
  const fleet = fleetAccount();
  fleet.account.roleAliases.set('Alias', { roleArn: 'arn:aws:iam::123456789012:role/Other', credentialSeconds: 3600, tags: {} });
  expect(withStatus('fail', await examine(fleet, { about: { ...subject, roleAlias: 'Alias' } }))).toEqual(['role-alias']);
});

test('commands are quoted', async () => {
  const fleet = fleetAccount();
  fleet.account.roles.set('SageMaker,a=b', { ...fleet.role, attached: new Set() });
  const examined = await examine(fleet, { about: { ...subject, fleet: "lo'bby", role: 'SageMaker,a=b' } });
  expect(examined['managed-policy']?.remedy).toContain("--role-name SageMaker,a=b --policy-arn");
  expect(examined['device-fleet']?.remedy).toBe(`fescue setup --fleet 'lo'\\''bby' --thing camera-1 --role SageMaker,a=b --region eu-west-1 --apply`);
});

const allowTo = (principal: unknown, more: object = {}): object => ({ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...more });
const iot = 'credentials.iot.amazonaws.com';

test.each([
  ['in one list', policyText(allowTo({ Service: ['sagemaker.amazonaws.com', iot] })), 'ok', /^credentials\.iot\.amazonaws\.com is allowed by statement 1 of trust policy$/],
  ['with other uses', policyText(allowTo({ Service: ['lambda.amazonaws.com', iot], AWS: 'arn:aws:iam::123456789012:root' })), 'ok', /the role serves others, too: lambda\.amazonaws\.com, arn:aws:iam::123456789012:root$/],
  ['with everybody', policyText(allowTo('*')), 'warning', /so is everybody, in every account of AWS$/],
  ['with everybody, under a condition', policyText(allowTo('*', { Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } } })), 'ok', /is allowed/],
  ['for this account', policyText(allowTo({ Service: iot }, { Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' }, ArnLike: { 'aws:SourceArn': 'arn:aws:iot:eu-west-1:123456789012:rolealias/SageMakerEdge-*' } } })), 'ok', /is allowed/],
  ['for another account', policyText(allowTo({ Service: iot }, { Condition: { StringEquals: { 'aws:SourceAccount': '999999999999' } } })), 'fail', /is allowed by no policy; it trusts credentials\.iot\.amazonaws\.com$/],
  ['for a thing', policyText(allowTo({ Service: iot }, { Condition: { StringEquals: { 'credentials-iot:ThingTypeName': 'camera' } } })), 'warning', /only if credentials-iot:ThingTypeName StringEquals camera$/],
  ['with a Deny', policyText(allowTo('*'), { ...allowTo({ Service: iot }), Effect: 'Deny', Sid: 'No' }), 'fail', /is denied by statement No of trust policy$/],
  ['with nobody', policyText(), 'fail', /it trusts nobody$/],
  ['in a document that is none', '{"Statement":[{"Effect":"Allow"}]}', 'fail', /^Policy trust policy cannot be used: Statement\[0\]: expected either Action or NotAction, got nothing\./],
])('trust %s: %s', async (_, trust, status, found) => {
  const fleet = fleetAccount();
  fleet.role.trust = trust;
  const verdict = (await examine(fleet))['trust-credentials'];
  expect(verdict?.status).toBe(status);
  expect(verdict?.found).toMatch(found);
});

test('the command that adds a service keeps the others', async () => {
  const fleet = fleetAccount();
  fleet.role.trust = trustText('lambda.amazonaws.com').replace('"Statement":[', '"Id":"Mine","Statement":[');
  const [, document = ''] = /--policy-document '(.*)'$/.exec((await examine(fleet))['trust-credentials']?.remedy ?? '') ?? [];
  expect(JSON.parse(document)).toEqual({ Version: '2012-10-17', Id: 'Mine', Statement: [allowTo({ Service: 'lambda.amazonaws.com' }), allowTo({ Service: iot })].map(({ Effect, Principal, Action }: { Effect?: unknown; Principal?: unknown; Action?: unknown }) => ({ Effect, Principal, Action })) });
});

test.each([
  [{ status: 'UNHEALTHY' as const }, 'fail', /^nucleus 2\.12\.6, unhealthy, last heard of /],
  [{ nucleusVersion: '1.11.0' }, 'fail', /expected version 2$/],
  [{ lastSeen: new Date('2024-04-26T00:00:00Z') }, 'warning', /last heard of 2024-04-26T00:00:00\.000Z$/],
  [{ lastSeen: undefined }, 'ok', /^nucleus 2\.12\.6, healthy$/],
])('a core device with %j: %s', async (changed, status, found) => {
  const fleet = fleetAccount();
  Object.assign(fleet.account.cores.get('camera-1') ?? {}, changed);
  const verdict = (await examine(fleet))['core-device'];
  expect(verdict?.status).toBe(status);
  expect(verdict?.found).toMatch(found);
});

test('where the core device could not be looked at, its components may still be', async () => {
  const fleet = fleetAccount();
  fleet.cloud.gate.fail('access-denied', { action: 'greengrass:GetCoreDevice' });
  expect((await examine(fleet))['custom-component']).toEqual({ status: 'ok', found: 'dev.fescue.Inference 0.1.0' });
});

test('a bucket is judged by its name', async () => {
  const fleet = fleetAccount();
  fleet.account.buckets.set('captures', fleet.bucket);
  expect((await examine(fleet, { about: { ...subject, bucket: 'captures' } }))['bucket']?.status).toBe('fail');
  expect((await examine(fleet, { about: { ...subject, bucket: 'captures', anyBucketName: true } }))['bucket']?.status).toBe('ok');
});

test('a bucket has to be where the devices are', async () => {
  const examined = await examine(fleetAccount(), { about: { ...subject, bucket: bucketName, region: 'us-east-1' } });
  expect(examined['bucket']?.found).toBe(`${bucketName} is in eu-west-1; the devices are in us-east-1`);
});

test('an unsafe bucket is a warning, with the commands that help', async () => {
  const fleet = fleetAccount();
  Object.assign(fleet.bucket, { encryption: undefined, versioning: 'Suspended', isPrivate: false });
  const verdict = (await examine(fleet))['bucket-safety'];
  expect(verdict).toMatchObject({ status: 'warning', found: 'not encrypted, public access is not blocked, no versions are kept' });
  expect(verdict?.remedy?.split(' && ').map((line) => line.split(' ')[2])).toEqual(['put-bucket-encryption', 'put-public-access-block', 'put-bucket-versioning']);
});

test('every check says what it is for, and waits only for checks before it', () => {
  const before = new Set<string>();
  for (const { name, meaning, after = [] } of cloudChecks) {
    expect(meaning).toBeDefined();
    expect(after.filter((other) => !before.has(other))).toEqual([]);
    before.add(name);
  }
  expect(before.size).toBe(cloudChecks.length);
});
