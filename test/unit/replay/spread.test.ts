import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Spread } from '../../../scripts/replay/spread.ts';

function spreadOf(values: readonly number[]): Spread {
  const spread = new Spread();
  for (const value of values) spread.add(value);
  return spread;
}

test('the mean has a sign, and quantiles are magnitudes', () => {
  const spread = spreadOf([-3, -1, 0, 2]);
  expect([spread.count, spread.largest]).toEqual([4, 3]);
  expect(spread.mean).toBeCloseTo(-0.5, 12);
  expect(spread.quantile(0)).toBe(0);
  expect(spread.quantile(0.5)).toBeCloseTo(2, 1);
  expect(spread.quantile(1)).toBeCloseTo(3, 1);
});

test('without numbers all is 0, and what is no number is left out', () => {
  const spread = spreadOf([Number.NaN, Infinity, -Infinity]);
  expect([spread.count, spread.mean, spread.largest, spread.quantile(0.5)]).toEqual([0, 0, 0, 0]);
});

test('a quantile is that of the sorted magnitudes within 1 %', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }), { minLength: 1 }), fc.constantFrom(0, 0.25, 0.5, 0.95, 1), (values, share) => {
      const sorted = values.map(Math.abs).toSorted((a, b) => a - b);
      const exact = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
      expect(Math.abs(spreadOf(values).quantile(share) - exact)).toBeLessThanOrEqual(exact * 0.0101 + 1e-12);
    }),
  );
});
