import { expect, test } from 'vitest';
import { memoryCloud, newBucket, type MemoryCloud } from '../../helpers/memory-cloud.ts';
import { applied, due, planned, usual, wishOf } from '../../helpers/setup-fleet.ts';

const certificate = 'arn:aws:iot:eu-west-1:123456789012:cert/1';

async function made(): Promise<MemoryCloud> {
  const cloud = memoryCloud({ pageSize: 2 });
  await applied(cloud, wishOf({ things: ['cam-1', 'cam-2', 'cam-3'] }));
  return cloud;
}

test('nothing there, nothing to do', async () => {
  expect((await planned(memoryCloud(), wishOf(), 'destroy')).steps).toEqual([]);
});

test('all things of the fleet go, whichever were named', async () => {
  const cloud = await made();
  const { steps } = await applied(cloud, wishOf({ things: [] }), 'destroy');
  expect(due(steps)).toEqual(['delete thing', 'delete thing', 'delete thing', 'delete role alias', 'delete thing group', 'delete bucket', 'delete role']);
});

test('a thing with a certificate stays, with the command that changes that', async () => {
  const cloud = await made();
  cloud.account.things.get('cam-2')?.principals.add(certificate);
  const { steps } = await applied(cloud, wishOf(), 'destroy');
  expect(steps.find(({ change }) => change === 'leave')?.why).toContain(`aws iot detach-thing-principal --region eu-west-1 --thing-name cam-2 --principal ${certificate}, then the same command again`);
  expect([...cloud.account.things.keys()]).toEqual(['cam-2']);
  cloud.account.things.get('cam-2')?.principals.clear();
  await applied(cloud, wishOf(), 'destroy');
  expect(cloud.account.things.size).toBe(0);
});

test.each(['objects', 'olderVersions'] as const)('a bucket with %s stays until it is empty', async (kind) => {
  const cloud = await made();
  cloud.account.buckets.get(usual.bucket)?.[kind].add('sme-capture/lobby/a.jsonl');
  const { steps } = await applied(cloud, wishOf(), 'destroy');
  expect(steps.find(({ change }) => change === 'leave')?.why).toMatch(/^it holds captures, or older versions of them\. To delete it as well: empty it with Empty in the console of S3/);
  expect([...cloud.account.buckets.keys()]).toEqual([usual.bucket]);
  expect(cloud.account.roles.size).toBe(0);
  cloud.account.buckets.get(usual.bucket)?.[kind].clear();
  expect(due((await applied(cloud, wishOf(), 'destroy')).steps)).toEqual(['delete bucket']);
});

test('a bucket that somebody gave tags of their own is no longer of setup', async () => {
  const cloud = await made();
  Object.assign(cloud.account.buckets.get(usual.bucket) ?? {}, { tags: { team: 'vision' } });
  await applied(cloud, wishOf(), 'destroy');
  expect([...cloud.account.buckets.keys()]).toEqual([usual.bucket]);
});

test('of another fleet nothing is touched', async () => {
  const cloud = await made();
  const names = { role: usual.role, roleAlias: usual.alias, bucket: usual.bucket, group: 'lobby' };
  const { steps } = await applied(cloud, wishOf({ fleet: 'garage', names }), 'destroy');
  expect(due(steps)).toEqual(['leave role alias', 'leave thing group', 'leave bucket', 'leave role']);
});

test('what the Greengrass installer put on a role of setup does not keep it', async () => {
  const cloud = await made();
  const role = cloud.account.roles.get(usual.role);
  cloud.account.managedPolicies.set('arn:aws:iam::123456789012:policy/SageMakerFescue-lobbyAccess', { name: 'SageMakerFescue-lobbyAccess', document: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}' });
  role?.attached.add('arn:aws:iam::123456789012:policy/SageMakerFescue-lobbyAccess');
  const { steps } = await applied(cloud, wishOf(), 'destroy');
  expect(steps.at(-1)?.why).toBe('arn:aws:iam::123456789012:role/SageMakerFescue-lobby; on it: fescue-lobby, SageMakerFescue-lobbyAccess');
  expect(cloud.account.roles.size).toBe(0);
  expect(cloud.account.managedPolicies.has('arn:aws:iam::123456789012:policy/SageMakerFescue-lobbyAccess')).toBe(true);
});

test('a role that two fleets share keeps what the other one needs', async () => {
  const cloud = memoryCloud();
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] });
  cloud.account.roles.set('SageMakerShared', { description: '', trust, tags: {}, attached: new Set(), inline: new Map() });
  const [lobby, garage] = ['lobby', 'garage'].map((fleet) => wishOf({ fleet, things: [], names: { role: 'SageMakerShared' } })) as [ReturnType<typeof wishOf>, ReturnType<typeof wishOf>];
  await applied(cloud, lobby);
  await applied(cloud, garage);
  await applied(cloud, lobby, 'destroy');
  expect(due((await planned(cloud, garage)).steps)).toEqual([]);
  await applied(cloud, garage, 'destroy');
  expect(cloud.account.roles.get('SageMakerShared')).toMatchObject({ trust: JSON.stringify(JSON.parse(trust), null, 2), tags: {}, attached: new Set(), inline: new Map() });
});

test('a role of setup\'s own that another fleet uses stays until that one is destroyed', async () => {
  const cloud = await made();
  const garage = wishOf({ fleet: 'garage', things: [], names: { role: usual.role } });
  await applied(cloud, garage);
  const { steps } = await applied(cloud, wishOf(), 'destroy');
  expect(steps.find(({ resource, change }) => resource === 'role' && change === 'leave')?.why).toBe('other fleets use it (fescue-garage). To delete it as well: destroy those first, then the same command again');
  expect([...(cloud.account.roles.get(usual.role)?.inline.keys() ?? [])]).toEqual(['fescue-garage']);
  expect(due((await planned(cloud, garage)).steps)).toEqual([]);
  await applied(cloud, garage, 'destroy');
  await applied(cloud, wishOf(), 'destroy');
  expect(cloud.account.roles.size).toBe(0);
});

test('of a role that setup made for another fleet, only the policy of this one goes', async () => {
  const cloud = await made();
  const garage = wishOf({ fleet: 'garage', things: [], names: { role: usual.role } });
  await applied(cloud, garage);
  cloud.account.roles.get(usual.role)?.inline.delete('fescue-lobby');
  await applied(cloud, garage, 'destroy');
  expect(cloud.account.roles.get(usual.role)).toMatchObject({ trust: expect.stringContaining('FescueCredentials') as string, tags: { 'fescue:fleet': 'lobby' }, inline: new Map() });
});

test('what its owner attached to a role stays, though setup asks for it, too', async () => {
  const cloud = memoryCloud();
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] });
  const fleetPolicy = 'arn:aws:iam::aws:policy/service-role/AmazonSageMakerEdgeDeviceFleetPolicy';
  cloud.account.roles.set('SageMakerTheirs', { description: '', trust, tags: {}, attached: new Set([fleetPolicy]), inline: new Map() });
  const wish = wishOf({ variant: 'as-documented', fullAccess: true, names: { role: 'SageMakerTheirs' } });
  await applied(cloud, wish);
  expect(cloud.account.roles.get('SageMakerTheirs')?.tags).toMatchObject({ 'fescue:attached': 'AmazonSageMakerFullAccess' });
  await applied(cloud, wish, 'destroy');
  expect(cloud.account.roles.get('SageMakerTheirs')).toMatchObject({ tags: {}, attached: new Set([fleetPolicy]) });
});

test('a policy of the account that is called like one of AWS is neither taken for it nor detached', async () => {
  const cloud = memoryCloud();
  const lookalike = 'arn:aws:iam::123456789012:policy/AmazonSageMakerFullAccess';
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] });
  cloud.account.managedPolicies.set(lookalike, { name: 'AmazonSageMakerFullAccess', document: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}' });
  cloud.account.roles.set('SageMakerTheirs', { description: '', trust, tags: {}, attached: new Set([lookalike]), inline: new Map() });
  const wish = wishOf({ fullAccess: true, names: { role: 'SageMakerTheirs' } });
  await applied(cloud, wish);
  expect(cloud.account.roles.get('SageMakerTheirs')?.attached.size).toBe(2);
  await applied(cloud, wish, 'destroy');
  expect(cloud.account.roles.get('SageMakerTheirs')?.attached).toEqual(new Set([lookalike]));
});

test('of a bucket that was adopted, the statement of setup goes and all else stays', async () => {
  const cloud = memoryCloud();
  cloud.account.buckets.set(usual.bucket, { ...newBucket('eu-west-1'), isPrivate: false });
  await applied(cloud, wishOf({ adopt: true }));
  expect(cloud.account.buckets.get(usual.bucket)).toMatchObject({ isPrivate: true, versioning: 'Enabled', tags: {} });
  await applied(cloud, wishOf(), 'destroy');
  expect(cloud.account.buckets.get(usual.bucket)).toMatchObject({ isPrivate: true, versioning: 'Enabled', policy: undefined });
});
