import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LatencySketch } from '../../../../components/agent/heartbeat/latency-sketch.ts';

const fractions = [0.5, 0.99];

test('quantiles are those of what was observed, to a few per cent', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.06, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 3_000 }), (durations) => {
      const sketch = new LatencySketch(0);
      for (const ms of durations) sketch.observe(ms);
      const sorted = durations.toSorted((one, other) => one - other);
      const exact = fractions.map((fraction) => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? 0);
      for (const [index, ms] of (sketch.quantiles(fractions, 0) ?? []).entries()) expect(Math.abs(ms / (exact[index] ?? 0) - 1)).toBeLessThan(0.08);
    }),
  );
});

test.each([0, -1, 1e-9, 1e9, Infinity])('what is beyond all measure (%d) counts as the least or the most', (ms) => {
  const sketch = new LatencySketch(0);
  sketch.observe(ms);
  const [median = 0] = sketch.quantiles([0.5], 0) ?? [];
  expect(median).toBeGreaterThan(0.04);
  expect(median).toBeLessThan(300_000);
});

test('without an observation there are none', () => {
  expect(new LatencySketch(0).quantiles(fractions, 0)).toBeUndefined();
});

test('what is long ago is forgotten, by time and by number', () => {
  const sketch = new LatencySketch(0);
  sketch.observe(1_000);
  expect(sketch.quantiles([1], 599_000)?.[0]).toBeCloseTo(1_000, -3);
  expect(sketch.quantiles([1], 600_000)).toBeDefined();
  sketch.observe(1);
  expect(sketch.quantiles([1], 1_200_000)?.[0]).toBeGreaterThan(900);
  expect(sketch.quantiles([1], 1_800_000)?.[0]).toBeLessThan(2);
  expect(sketch.quantiles([1], 2_400_000)).toBeUndefined();

  sketch.observe(1_000);
  for (let index = 0; index < 8_192; index += 1) sketch.observe(1);
  expect(sketch.quantiles([1], 2_400_001)?.[0]).toBeLessThan(2);
});
