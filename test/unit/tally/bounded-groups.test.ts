import { expect, test } from 'vitest';
import { BoundedGroups } from '../../../scripts/tally/bounded-groups.ts';

function groupsOf(names: Iterable<string>, most: number): { groups: (readonly [string, number])[]; others: number } {
  const counted = new BoundedGroups({ most, create: () => ({ count: 0 }), weight: ({ count }) => count, merge: (others, { count }) => void (others.count += count) });
  for (const name of names) counted.get(name).count += 1;
  const { groups, others } = counted.result();
  return { groups: groups.map(([name, { count }]) => [name, count]), others: others.count };
}

test('groups are counted, the heaviest first and equally heavy ones by name', () => {
  expect(groupsOf(['b', 'c', 'a', 'c', '__proto__'], 10)).toEqual({ groups: [['c', 2], ['__proto__', 1], ['a', 1], ['b', 1]], others: 0 });
});

test('with too many names the light ones are put together, and the sum stays', () => {
  function* names(): Generator<string> {
    for (let index = 0; index < 10_000; index += 1) {
      yield `rare-${index}`;
      if (index >= 5_000) yield 'late';
      yield `usual-${index % 3}`;
    }
  }
  const { groups, others } = groupsOf(names(), 16);
  expect(groups.slice(0, 4).map(([name]) => name)).toEqual(['late', 'usual-0', 'usual-1', 'usual-2']);
  expect(groups[0]?.[1]).toBe(5_000);
  expect(groups).toHaveLength(16);
  expect(groups.reduce((sum, [, count]) => sum + count, others)).toBe(25_000);
});
