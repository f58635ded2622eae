import { expect, test } from 'vitest';
import type { Subject, Verdict } from '../../../../scripts/doctor/check.ts';
import { certificateArn, examine, type FleetAccount, fleetAccount, policyText, subject, withStatus } from '../../../helpers/fleet-account.ts';

const thingPolicy = 'GreengrassV2IoTThingPolicy';
const iot = 'arn:aws:iot:eu-west-1:123456789012';
const shadow = '$aws/things/camera-1/shadow/name/fescue/update';
const named = '${iot:Connection.Thing.ThingName}';
const allow = (Action: unknown, Resource: unknown = '*', more: object = {}): object => ({ Effect: 'Allow', Action, Resource, ...more });
/** That of docs/heartbeats.md. */
const documented = [
  allow('iot:Publish', [`${iot}:topic/fescue/fleet/*/${named}/heartbeat`, `${iot}:topic/$aws/things/${named}/shadow/name/fescue/update`]),
  allow('iot:Subscribe', `${iot}:topicfilter/$aws/things/${named}/shadow/name/fescue/update/rejected`),
  allow('iot:Receive', `${iot}:topic/$aws/things/${named}/shadow/name/fescue/update/rejected`),
];

function withPolicy(...statements: readonly object[]): FleetAccount {
  const fleet = fleetAccount();
  fleet.account.iotPolicies.set(thingPolicy, { document: policyText(...statements), targets: new Set([certificateArn]) });
  return fleet;
}

async function heartbeats(fleet: FleetAccount, about: Subject = subject): Promise<Verdict | undefined> {
  return (await examine(fleet, { about }))['heartbeat-rights'];
}

test.each([
  ['the policy of docs/heartbeats.md', documented, 'ok', /^iot:Publish is allowed by statement 1 of IoT policy GreengrassV2IoTThingPolicy; iot:Subscribe is allowed by statement 2/],
  ['everything', [allow('*')], 'ok', /^iot:Publish is allowed/],
  ['everything of IoT', [allow('iot:*', `${iot}:*`)], 'ok', /^iot:Publish is allowed/],
  ['client ids', [allow(['iot:Publish', 'iot:Receive'], [`${iot}:topic/fescue/fleet/lobby/\${iot:ClientId}/*`, `${iot}:topic/$aws/things/\${iot:ClientId}/*`]), allow('iot:Subscribe', `${iot}:topicfilter/$aws/things/\${iot:ClientId}/shadow/name/fescue/update/rejected`)], 'ok', /is allowed/],
  ['things that are attached', documented.map((one) => ({ ...one, Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } })), 'ok', /is allowed/],
  ['things with an attribute', [allow('*', '*', { Condition: { StringEquals: { 'iot:Connection.Thing.Attributes[fescue-fleet]': 'lobby' } } })], 'ok', /is allowed/],
  ['things with another attribute', [allow('*', '*', { Condition: { StringEquals: { 'iot:Connection.Thing.Attributes[fescue-fleet]': 'roof' } } })], 'fail', /is allowed by no policy$/],
  ['one network', [allow('*', '*', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })], 'warning', /only if aws:SourceIp IpAddress 10\.0\.0\.0\/8$/],
  ['MQTT wildcards, which are no wildcards in a policy', [allow('iot:Publish', `${iot}:topic/fescue/fleet/+/+/heartbeat`), ...documented.slice(1)], 'fail', /^iot:Publish on arn:aws:iot:eu-west-1:123456789012:topic\/fescue\/fleet\/lobby\/camera-1\/heartbeat is allowed by no policy$/],
  ['another fleet', [allow('iot:Publish', [`${iot}:topic/fescue/fleet/roof/*`, `${iot}:topic/$aws/*`]), ...documented.slice(1)], 'fail', /lobby\/camera-1\/heartbeat is allowed by no policy$/],
  ['another thing', [allow('iot:Publish', `${iot}:topic/fescue/fleet/lobby/camera-2/heartbeat`), ...documented.slice(1)], 'fail', /^iot:Publish/],
  ['another region', [allow('iot:*', 'arn:aws:iot:us-east-1:123456789012:*')], 'fail', /^iot:Publish/],
  ['topics in place of topic filters', [documented[0] ?? {}, allow(['iot:Subscribe', 'iot:Receive'], `${iot}:topic/*`)], 'fail', /^iot:Subscribe on .*:topicfilter\/\$aws\/things\/camera-1\/shadow\/name\/fescue\/update\/rejected is allowed by no policy$/],
  ['no messages that arrive', documented.slice(0, 2), 'fail', /^iot:Receive/],
  ['all but the shadows', [allow('iot:*'), { Sid: 'NoShadows', Effect: 'Deny', Action: 'iot:Publish', Resource: `${iot}:topic/$aws/*` }], 'fail', /is denied by statement NoShadows of IoT policy GreengrassV2IoTThingPolicy$/],
])('a policy for %s: %s', async (_, statements, status, found) => {
  const fleet = withPolicy(...statements);
  const thing = fleet.account.things.get('camera-1');
  if (thing !== undefined) thing.attributes = { 'fescue-fleet': 'lobby' };
  const examined = await examine(fleet);
  expect(examined['heartbeat-rights']?.found).toMatch(found);
  expect(examined['heartbeat-rights']?.status).toBe(status);
  expect(withStatus('fail', examined)).toEqual(status === 'fail' ? ['heartbeat-rights'] : []);
});

test('a policy that is detached: heartbeats fail alone, and the remedy brings back what is missing', async () => {
  const fleet = fleetAccount();
  fleet.account.iotPolicies.get(thingPolicy)?.targets.clear();
  const verdict = await heartbeats(fleet);
  expect(verdict?.status).toBe('fail');
  const [, name = '', document = ''] = /aws iot create-policy --policy-name (\S+) --policy-document '(.*)' --region eu-west-1 ;/.exec(verdict?.remedy ?? '') ?? [];
  expect(name).toBe('FescueHeartbeats-lobby');
  expect(verdict?.remedy).toContain(`aws iot attach-policy --policy-name ${name} --target ${certificateArn} --region eu-west-1`);
  expect(verdict?.remedy).toMatch(/^Set Provider of the agent to none, or attach a policy/);
  fleet.account.iotPolicies.set(name, { document, targets: new Set([certificateArn]) });
  expect(await heartbeats(fleet)).toMatchObject({ status: 'ok' });
});

test('the remedy takes no other policy\'s place, and holds what is missing alone', async () => {
  const fleet = withPolicy(...documented.slice(0, 2));
  fleet.account.iotPolicies.set('FescueHeartbeats-lobby', { document: policyText(allow('iot:Connect')), targets: new Set([certificateArn]) });
  const remedy = (await heartbeats(fleet))?.remedy;
  expect(remedy).toContain('--policy-name FescueHeartbeats-lobby-2 ');
  expect(remedy).toContain(`"Statement":[{"Effect":"Allow","Action":"iot:Receive","Resource":["${iot}:topic/$aws/things/${named}/shadow/name/fescue/update/rejected"]}]`);
});

test('what denies it has to go, and where it is', async () => {
  const fleet = withPolicy(allow('iot:*'), { Sid: 'No', Effect: 'Deny', Action: 'iot:Publish', Resource: `${iot}:topic/${shadow}` });
  expect((await heartbeats(fleet))?.remedy).toBe('Take out or narrow statement No of the IoT policy GreengrassV2IoTThingPolicy: AWS IoT console, Security, Policies.');
});

test('policies of the groups that the thing is in count, and of those above', async () => {
  const fleet = withPolicy(allow('iot:Connect'));
  fleet.account.groups.set('lobby', { description: '', tags: {}, members: new Set(['camera-1']), parent: 'all' });
  fleet.account.groups.set('all', { description: '', tags: {}, members: new Set() });
  fleet.account.iotPolicies.set('Fleet', { document: policyText(...documented), targets: new Set([`${iot}:thinggroup/all`]) });
  expect(await heartbeats(fleet)).toMatchObject({ status: 'ok', found: expect.stringContaining('of IoT policy Fleet') });
});

test('a document that cannot be used is named', async () => {
  const fleet = fleetAccount();
  fleet.account.iotPolicies.set(thingPolicy, { document: '{"Statement":[]', targets: new Set([certificateArn]) });
  expect(await heartbeats(fleet)).toMatchObject({ status: 'fail', found: expect.stringMatching(/is allowed by no policy; Policy IoT policy GreengrassV2IoTThingPolicy cannot be used: it is not JSON/) });
});

test('the name of the device counts, where it is another than that of the thing', async () => {
  const fleet = withPolicy(...documented);
  const verdict = await heartbeats(fleet, { ...subject, device: 'entrance' });
  expect(verdict?.found).toMatch(/topic\/fescue\/fleet\/lobby\/entrance\/heartbeat is allowed by no policy$/);
  expect(verdict?.remedy).toContain(`"${iot}:topic/fescue/fleet/lobby/entrance/heartbeat"`);
});

test.each([
  ['the agent reports to nobody', { ...subject, provider: 'none' }, /^Provider of the agent is none/],
  ['no thing is named', { fleet: 'lobby' }, /^no thing named/],
  ['no fleet is named', { thing: 'camera-1' }, /^no fleet named/],
] as const)('%s: it does not apply', async (_, about, found) => {
  expect(await heartbeats(withPolicy(), about)).toMatchObject({ status: 'n.a.', found: expect.stringMatching(found) });
});

test('a thing without a certificate is a warning, and there are no rights to judge', async () => {
  const fleet = fleetAccount();
  fleet.account.things.get('camera-1')?.principals.clear();
  const examined = await examine(fleet);
  expect(withStatus('warning', examined)).toEqual(['thing']);
  expect(withStatus('n.a.', examined)).toEqual(['alias-rights', 'heartbeat-rights']);
});

test('a principal that is no certificate is told', async () => {
  const fleet = fleetAccount();
  const cognito = 'eu-west-1:11111111-2222-3333-4444-555555555555';
  Object.assign(fleet.account.things.get('camera-1') ?? {}, { principals: new Set([cognito]) });
  expect((await examine(fleet))['thing']).toMatchObject({ status: 'warning', found: `camera-1 has no certificate, but ${cognito}` });
});

test('of several certificates, those that are active count, and a difference is told', async () => {
  const fleet = fleetAccount();
  const second = certificateArn.replace('abc', 'def');
  fleet.account.things.get('camera-1')?.principals.add(second);
  fleet.account.certificates.set(second, 'INACTIVE');
  const examined = await examine(fleet);
  expect(examined['thing']?.found).toBe('camera-1, with 2 certificates, 1 of them active');
  expect(examined['heartbeat-rights']?.status).toBe('ok');
  fleet.account.certificates.set(second, 'ACTIVE');
  const different = await examine(fleet);
  for (const check of ['alias-rights', 'heartbeat-rights']) expect(different[check]).toMatchObject({ status: 'warning', found: expect.stringMatching(/with one of 2 active certificates/), remedy: expect.stringContaining(second) });
});

test.each([
  ['detached', (fleet: FleetAccount) => fleet.account.iotPolicies.get('GreengrassTESCertificatePolicySageMakerEdge-lobby')?.targets.clear(), /^iot:AssumeRoleWithCertificate on .*:rolealias\/SageMakerEdge-lobby is allowed by no policy$/],
  ['for another alias', (fleet: FleetAccount) => fleet.account.iotPolicies.set('GreengrassTESCertificatePolicySageMakerEdge-lobby', { document: policyText(allow('iot:AssumeRoleWithCertificate', `${iot}:rolealias/SageMakerEdge-roof`)), targets: new Set([certificateArn]) }), /is allowed by no policy$/],
])('the policy for the role alias is %s: that check fails alone, and the remedy helps', async (_, break_, found) => {
  const fleet = fleetAccount();
  break_(fleet);
  const examined = await examine(fleet);
  expect(withStatus('fail', examined)).toEqual(['alias-rights']);
  expect(examined['alias-rights']?.found).toMatch(found);
  const [, name = '', document = ''] = /create-policy --policy-name (\S+) --policy-document '(.*)' --region/.exec(examined['alias-rights']?.remedy ?? '') ?? [];
  expect(name).toMatch(/^GreengrassTESCertificatePolicySageMakerEdge-lobby/);
  fleet.account.iotPolicies.set(name, { document, targets: new Set([certificateArn]) });
  expect((await examine(fleet))['alias-rights']?.status).toBe('ok');
});
