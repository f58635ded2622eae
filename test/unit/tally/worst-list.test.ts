import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Counts } from '../../../scripts/replay/counts.ts';
import { WorstList } from '../../../scripts/tally/worst-list.ts';

test('a list keeps the heaviest, those that came first of equal ones', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Infinity))), fc.nat(6), (weights, most) => {
      const list = new WorstList<number>(most);
      weights.forEach((weight, index) => {
        if (list.admits(weight)) list.add(weight, index);
      });
      const expected = weights.map((weight, index) => ({ weight, index })).toSorted((a, b) => (a.weight === b.weight ? a.index - b.index : b.weight > a.weight ? 1 : -1));
      expect(list.items).toEqual(expected.slice(0, most).map(({ index }) => index));
    }),
  );
});

test('an item that is not admitted is not kept', () => {
  const list = new WorstList<string>(1);
  list.add(2, 'two');
  expect([list.admits(3), list.admits(2), list.admits(1)]).toEqual([true, false, false]);
  list.add(1, 'one');
  expect(list.items).toEqual(['two']);
});

test('counts come most frequent first, with the first examples', () => {
  const counts = new Counts<string, number>(2);
  ['a', 'b', 'b', 'b'].forEach((key, index) => counts.add(key, () => index));
  expect(counts.entries).toEqual([{ key: 'b', count: 3, examples: [1, 2] }, { key: 'a', count: 1, examples: [0] }]);
});

test('counts of more keys than are kept are in the total', () => {
  const counts = new Counts<number>();
  for (let key = 0; key < 10_050; key += 1) counts.add(key);
  counts.add(3);
  expect([counts.entries.length, counts.entries[0], counts.total]).toEqual([10_000, { key: 3, count: 2, examples: [] }, 10_051]);
});
