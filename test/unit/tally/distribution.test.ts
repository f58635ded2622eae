import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Distribution } from '../../../scripts/tally/distribution.ts';

function distributionOf(values: readonly (number | null | undefined)[], edges: readonly number[] = []): Distribution {
  const distribution = new Distribution(edges);
  for (const value of values) distribution.add(value);
  return distribution;
}

describe('a distribution', () => {
  test('counts between its edges', () => {
    expect(distributionOf([-5, 0, 0.5, 1, 9.9, 10, 1e9], [0, 1, 10]).between).toEqual([1, 2, 2, 2]);
    expect(distributionOf([], [1]).between).toEqual([0, 0]);
  });

  test('leaves out what is no number', () => {
    const distribution = distributionOf([null, undefined, Number.NaN, Infinity, -Infinity, 3], [0]);
    expect({ count: distribution.count, mean: distribution.mean, between: distribution.between }).toEqual({ count: 1, mean: 3, between: [0, 1] });
  });

  test('knows nothing of no numbers', () => {
    const { min, max, mean } = distributionOf([]);
    expect([min, max, mean, ...distributionOf([]).quantiles([0, 0.5, 1])]).toEqual(Array.from({ length: 6 }, () => Number.NaN));
  });

  test('has quantiles within 1 %, of negative numbers too', () => {
    const range = fc.oneof(fc.double({ min: -1e6, max: -1e-3, noNaN: true }), fc.constant(0), fc.double({ min: 1e-3, max: 1e6, noNaN: true }));
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const distribution = distributionOf(values);
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
        const [found = Number.NaN] = distribution.quantiles([share]);
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.0101);
        expect([distribution.min, distribution.max]).toEqual([sorted[0], sorted.at(-1)]);
      }),
    );
  });

  test('takes numbers as large and as small as there are', () => {
    const distribution = distributionOf([Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 5e17]);
    expect(Number.isFinite(distribution.mean)).toBe(true);
    expect(distribution.quantiles([0, 0.25, 0.5, 0.99]).map(Math.sign)).toEqual([-1, 0, 1, 1]);
  });
});
