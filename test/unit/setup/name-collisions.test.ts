import { expect, test } from 'vitest';
import { memoryCloud } from '../../helpers/memory-cloud.ts';
import { applied, due, planned, wishOf } from '../../helpers/setup-fleet.ts';

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
