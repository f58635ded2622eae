import { describe, expect, test } from 'vitest';
import type { Level } from '../../../scripts/measure/bench.ts';
import { gridFor, recommend, type Recommendation, type Tried } from '../../../scripts/measure/recommend.ts';

const point = (intraOpThreads: number, instances: number, p50Ms: number, perSecond: number): Tried => ({ intraOpThreads, instances, p50Ms: [p50Ms, p50Ms], perSecond: [perSecond, perSecond] });
const level = (concurrency: number, sharedMemoryToBytes: number | null): Level => ({ concurrency, contenders: [], sharedMemoryToBytes });

function recommendFor(tried: Tried[], options: { levels?: Level[]; bytes?: number } = {}): Recommendation {
  const { levels = [level(1, null)], bytes = 600_000 } = options;
  return recommend(tried, 8, { levels, model: { name: 'm', inputs: [{ name: 'x', dtype: 'FLOAT32', shape: [1], bytes: 12 }, { name: 'y', dtype: 'FLOAT32', shape: [1], bytes }] } });
}

describe('the settings to try', () => {
  test.each([
    [1, [[1, 1]]],
    [2, [[2, 1], [1, 2], [1, 1]]],
    [4, [[4, 1], [2, 2], [1, 4], [1, 1]]],
    [6, [[6, 1], [3, 2], [1, 4], [1, 6], [1, 1]]],
    [16, [[16, 1], [8, 2], [4, 4], [2, 8], [1, 1]]],
  ])('on %i CPUs keep to the CPUs', (cpus, expected) => {
    expect(gridFor(cpus).map(({ intraOpThreads, instances }) => [intraOpThreads, instances])).toEqual(expected);
  });
});

describe('a recommendation', () => {
  test('is what was fastest for one caller, and what answered most for many', () => {
    const found = recommendFor([point(2, 1, 20, 50), point(1, 2, 30, 66), point(1, 1, 30, 33)]);
    expect(found).toMatchObject({ callers: 8, margin: 0.05, latency: { intraOpThreads: 2, instances: 1 }, throughput: { intraOpThreads: 1, instances: 2 } });
    expect(found.reasons.slice(0, 2)).toEqual(['For one caller at a time IntraOpThreads 2 and Instances 1: p50 20.0 ms.', 'For 8 callers at once IntraOpThreads 1 and Instances 2: 66.0 per second, with the former 50.0.']);
    expect(found.tried[0]).toEqual({ intraOpThreads: 2, instances: 1, p50Ms: 20, perSecond: 50 });
  });

  test('is the smallest of those that are about equal', () => {
    const found = recommendFor([point(4, 1, 10, 100), point(2, 2, 10.2, 104), point(1, 4, 9.9, 103), point(1, 1, 10.3, 40)]);
    expect(found).toMatchObject({ latency: { intraOpThreads: 1, instances: 1 }, throughput: { intraOpThreads: 4, instances: 1 } });
  });

  test('counts as equal what is not further apart than the passes were, and tells when that is much', () => {
    const shaky = (threads: number, p50Ms: number): Tried => ({ intraOpThreads: threads, instances: 1, p50Ms: [p50Ms * 0.8, p50Ms * 1.2], perSecond: [50, 75] });
    const found = recommendFor([shaky(2, 20), shaky(1, 26)]);
    expect(found.margin).toBeCloseTo(0.4);
    expect(found.latency).toEqual({ intraOpThreads: 1, instances: 1 });
    expect(found.reasons.join()).toMatch(/within 40 %.*The two passes differ much/);
    expect(recommendFor([point(1, 1, 1, 1)]).reasons.join()).not.toMatch(/differ much/);
  });

  test.each([
    [0.5, 600_000, true, /worth it.*600000 bytes.*0\.50 ×.*at most 600000, as its default of 65536 is/],
    [0.5, 3_000, true, /SharedMemoryThresholdBytes should be at most 3000\.$/],
    [0.98, 600_000, null, /makes no difference/],
    [1.4, 3_000, false, /Bytes are better.*above 3000, as its default of 65536 is/],
    [1.4, 600_000, false, /should be above 600000\.$/],
    [null, 600_000, null, /were not compared/],
  ])('of shared memory that takes %d of the time of bytes, with %i bytes, is %s', (ratio, bytes, use, reason) => {
    const found = recommendFor([point(1, 1, 1, 1)], { levels: [level(8, 3), level(1, ratio)], bytes });
    expect(found.sharedMemory).toBe(use);
    expect(found.reasons.at(-1)).toMatch(reason);
  });
});
