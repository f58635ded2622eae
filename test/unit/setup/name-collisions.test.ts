import { expect, test } from 'vitest';
import { emptyAccount, memoryCloud, type MemoryCloud } from '../../helpers/memory-cloud.ts';
import { applied, due, planned, usual, wishOf } from '../../helpers/setup-fleet.ts';

const long = 'assembly-hall-of-the-northern-plant-in-gothenburg-'; // Longer than what is left of it in the name of a role.

test.each([
  ['names that begin alike', `${long}1`, `${long}2`, ['conflict role', 'conflict bucket']],
  ['names that differ in case', 'Lobby', 'lobby', ['conflict bucket']],
  ['names that differ in underscores', 'lobby-1', 'lobby_1', ['conflict bucket']],
  ['names of which one begins with the other', 'lobby', 'lobby-2', []],
])('%s: what setup made for one fleet is not silently shared by another', async (_, one, other, expected) => {
  const cloud = memoryCloud();
  await applied(cloud, wishOf({ fleet: one, things: [] }));
  const wish = wishOf({ fleet: other, things: [] });
  const { steps } = await planned(cloud, wish);
  expect(due(steps).filter((step) => step.startsWith('conflict'))).toEqual(expected);
  const conflict = steps.find(({ change }) => change === 'conflict');
  if (conflict !== undefined) expect(conflict.why).toMatch(new RegExp(`^setup made it for fleet ${one}, .*Name another \\w+ with --(role|bucket), or share this one with --\\1 ${conflict.name}\\.$`));
  const before = [...cloud.account.roles.keys(), ...cloud.account.buckets.keys(), ...cloud.account.groups.keys(), ...cloud.account.roleAliases.keys()];
  await applied(cloud, wish, 'destroy');
  expect([...cloud.account.roles.keys(), ...cloud.account.buckets.keys(), ...cloud.account.groups.keys(), ...cloud.account.roleAliases.keys()]).toEqual(before);
  expect(due((await planned(cloud, wishOf({ fleet: one, things: [] }))).steps)).toEqual([]);
});

test('a role and a bucket may be shared on purpose', async () => {
  const cloud = memoryCloud();
  const { desired } = await applied(cloud, wishOf({ fleet: `${long}1`, things: [] }));
  const wish = wishOf({ fleet: `${long}2`, things: [], names: { role: desired.names.role, bucket: desired.names.bucket } });
  await applied(cloud, wish);
  expect(due((await planned(cloud, wish)).steps)).toEqual([]);
});

/** The same account in another region: with the same roles, and nothing else. */
function elsewhere({ account }: MemoryCloud): MemoryCloud {
  return memoryCloud({ account: { ...emptyAccount({ region: 'us-east-1' }), roles: account.roles, managedPolicies: account.managedPolicies } });
}

test('the role of a fleet is not turned to another region, nor taken away from there', async () => {
  const cloud = memoryCloud();
  await applied(cloud, wishOf());
  const other = elsewhere(cloud);
  const { steps } = await planned(other, wishOf());
  expect(steps.find(({ change }) => change === 'conflict')?.why).toBe('setup made it for this fleet in eu-west-1, and its devices would lose their rights there. Name that region with --region, or for the same fleet in us-east-1 another role with --role.');
  expect((await applied(other, wishOf(), 'destroy')).steps.map(({ change, resource, why }) => `${change} ${resource}: ${why}`)).toEqual(['leave role: setup made it for this fleet in eu-west-1; --region eu-west-1 takes it away']);
  expect(other.gate.changes).toEqual([]);
  expect(due((await planned(cloud, wishOf())).steps)).toEqual([]);
});

test('the same fleet in two regions has two roles, each of which goes with its own', async () => {
  const cloud = memoryCloud();
  const other = elsewhere(cloud);
  const there = wishOf({ names: { role: `${usual.role}-us` } });
  await applied(cloud, wishOf());
  await applied(other, there);
  await applied(other, there, 'destroy');
  expect([...cloud.account.roles.keys()]).toEqual([usual.role]);
  expect(due((await planned(cloud, wishOf())).steps)).toEqual([]);
});
