import { expect, test } from 'vitest';
import { collect } from '../../contract/cloud-under-test.ts';
import { Crash, emptyAccount, memoryCloud, newBucket, type MemoryCloud } from '../../helpers/memory-cloud.ts';

const alias = { alias: 'SageMakerEdge-lobby', roleArn: 'arn:aws:iam::123456789012:role/x', credentialSeconds: 3_600, tags: {} };

/** Three changes and a question. */
async function setUp({ things }: MemoryCloud): Promise<void> {
  await things.createThing({ name: 'a', attributes: {} });
  await things.thing('a');
  await things.createRoleAlias(alias);
  await things.createThing({ name: 'b', attributes: {} });
}

test('records calls, and which of them change something', async () => {
  const cloud = memoryCloud();
  await setUp(cloud);
  expect(cloud.gate.calls.map(({ action }) => action)).toEqual(['iot:CreateThing', 'iot:DescribeThing', 'iot:CreateRoleAlias', 'iot:CreateThing']);
  expect(cloud.gate.changes.map(({ action, subject }) => `${action} ${subject}`)).toEqual(['iot:CreateThing thing a', 'iot:CreateRoleAlias role alias SageMakerEdge-lobby', 'iot:CreateThing thing b']);
});

test.each([
  [{ action: 'iot:CreateRoleAlias' }, ['a'], 'iot:CreateRoleAlias'],
  [{ action: 'iot:CreateThing', nth: 2 }, ['a'], 'iot:CreateThing'],
  [{ nth: 2 }, ['a'], 'iot:DescribeThing'],
  [{ nth: 1, changing: true }, [], 'iot:CreateThing'],
  [{ nth: 2, changing: true }, ['a'], 'iot:CreateRoleAlias'],
])('calls fail as told by %j', async (which, things, action) => {
  const cloud = memoryCloud();
  cloud.gate.fail('throttled', which);
  await expect(setUp(cloud)).rejects.toMatchObject({ fault: 'throttled', action });
  expect([...cloud.account.things.keys()]).toEqual(things);
  cloud.gate.recover();
  await cloud.things.createThing({ name: 'c', attributes: {} });
});

test.each([
  ['before', 1, [], 0],
  ['after', 1, ['a'], 0],
  ['before', 2, ['a'], 0],
  ['after', 2, ['a'], 1],
  ['after', 3, ['a', 'b'], 1],
] as const)('a process ends %s its change %i, and can be started anew', async (when, nth, things, aliases) => {
  const cloud = memoryCloud();
  cloud.gate.crash(when, nth);
  await expect(setUp(cloud)).rejects.toBeInstanceOf(Crash);
  await expect(cloud.things.thing('a')).rejects.toBeInstanceOf(Crash);
  expect([[...cloud.account.things.keys()], cloud.account.roleAliases.size]).toEqual([things, aliases]);
  const again = memoryCloud({ account: cloud.account });
  expect((await again.things.thing('a'))?.name).toBe(things[0]);
});

test('a question that takes several requests needs the permission for each', async () => {
  const cloud = memoryCloud();
  await cloud.things.createRoleAlias(alias);
  cloud.account.buckets.set('sagemaker-x', newBucket('eu-west-1'));
  cloud.gate.fail('access-denied', { action: 'iot:ListTagsForResource' });
  cloud.gate.fail('access-denied', { action: 's3:GetBucketPolicy' });
  await expect(cloud.things.roleAlias(alias.alias)).rejects.toMatchObject({ action: 'iot:ListTagsForResource' });
  expect(await cloud.things.roleAlias('another')).toBeUndefined();
  await expect(cloud.buckets.get('sagemaker-x')).rejects.toMatchObject({ action: 's3:GetBucketPolicy' });
});

test("others' buckets are closed, and their names taken", async () => {
  const cloud = memoryCloud();
  cloud.account.buckets.set('sagemaker-x', { ...newBucket('eu-west-1'), owner: '999999999999' });
  await expect(cloud.buckets.get('sagemaker-x')).rejects.toMatchObject({ fault: 'access-denied' });
  await expect(cloud.buckets.create('sagemaker-x')).rejects.toMatchObject({ fault: 'already-exists' });
  await expect(cloud.buckets.delete('sagemaker-x')).rejects.toMatchObject({ fault: 'access-denied' });
});

test('us-east-1 lets a bucket be created again', async () => {
  const cloud = memoryCloud({ account: emptyAccount({ region: 'us-east-1' }) });
  for (let time = 0; time < 2; time += 1) await cloud.buckets.create('sagemaker-x');
  expect(cloud.account.buckets.size).toBe(1);
});

test('a role takes ten managed policies, and is kept by an instance profile', async () => {
  const cloud = memoryCloud();
  const { roles, account } = cloud;
  await roles.create({ name: 'SageMakerX', description: '', trust: '{"Statement":{"Effect":"Allow"}}', tags: {} });
  for (let index = 0; index <= 10; index += 1) account.managedPolicies.set(`arn:${index}`, { name: `p${index}`, document: '{}' });
  for (let index = 0; index < 10; index += 1) await roles.attach('SageMakerX', `arn:${index}`);
  await expect(roles.attach('SageMakerX', 'arn:10')).rejects.toMatchObject({ fault: 'limit-exceeded' });
  account.roles.set('SageMakerY', { description: '', trust: '{}', tags: {}, attached: new Set(), inline: new Map(), instanceProfiles: ['gateway'] });
  await expect(roles.delete('SageMakerY')).rejects.toMatchObject({ fault: 'conflict' });
});

test('a shadow goes on counting after it was deleted', async () => {
  const { shadows } = memoryCloud();
  await shadows.update('a', 'fescue', '{"state":{"reported":{"x":1}}}');
  await shadows.delete('a', 'fescue');
  await shadows.update('a', 'fescue', '{"state":{"reported":{"x":1}}}');
  expect(JSON.parse((await shadows.get('a', 'fescue')) ?? '')).toMatchObject({ version: 2 });
});

test.each([
  ['*', ['camera-1', 'camera-2', 'door']],
  ['thingName:camera-*', ['camera-1', 'camera-2']],
  ['thingGroupNames:lobby', ['camera-1', 'door']],
  ['thingGroupNames:"lobby" AND thingName:camera*', ['camera-1']],
])('the index finds %s', async (query, expected) => {
  const cloud = memoryCloud({ pageSize: 1 });
  cloud.account.indexing = { namedShadows: [], connectivity: true };
  await cloud.things.createGroup({ name: 'lobby', description: '', tags: {} });
  for (const name of ['camera-1', 'camera-2', 'door']) await cloud.things.createThing({ name, attributes: {} });
  for (const name of ['camera-1', 'door']) await cloud.things.addToGroup(name, 'lobby');
  expect((await collect(cloud.things.search(query))).map(({ name }) => name)).toEqual(expected);
});

test('the index is refused while it is off, and for terms that are not known here', async () => {
  const cloud = memoryCloud();
  await expect(collect(cloud.things.search('*'))).rejects.toMatchObject({ fault: 'refused' });
  cloud.account.indexing = { namedShadows: [], connectivity: false };
  await cloud.things.createThing({ name: 'a', attributes: {} });
  await expect(collect(cloud.things.search('shadow.reported.x:1'))).rejects.toMatchObject({ message: expect.stringContaining('does not know the term shadow.reported.x:1') as string });
});
