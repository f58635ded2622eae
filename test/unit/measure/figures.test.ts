import { describe, expect, test } from 'vitest';
import { compare, type Measured, type Round } from '../../../scripts/measure/compare.ts';
import type { Contender } from '../../../scripts/measure/contenders.ts';
import { figuresOf } from '../../../scripts/measure/figures.ts';
import { median, quantile } from '../../../scripts/measure/statistics.ts';

const round = (samples: number[], perSecond: number, cpuMs: number | undefined = 0): Round => ({ samples, perSecond, cpuMs });

describe('statistics', () => {
  test.each([
    [[5], 5],
    [[3, 1], 2],
    [[9, 1, 4], 4],
    [[4, 1, 2, 100], 3],
  ])('the median of %j is %d', (samples, expected) => expect(median(samples)).toBe(expected));

  test('nothing has no median', () => expect(median([])).toBeNaN());

  test('quantiles are samples', () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0, 0.5, 0.9, 0.99, 1].map((share) => quantile(samples, share))).toEqual([1, 51, 91, 100, 100]);
  });
});

describe('figures', () => {
  const measured: Measured[] = [
    { name: 'in-process', rounds: [round([1, 1, 1], 1000, 3), round([2, 2, 2], 500, 3), round([1, 1, 1], 900, 3)] },
    { name: 'bytes', rounds: [round([2, 2, 9], 500, 30), round([6, 6, 6], 125, 0), round([2, 2, 2], 450, 15)] },
  ];
  const [own, bytes] = figuresOf(measured);

  test('are quantiles of all calls and the median rate of the rounds', () => {
    expect(own).toMatchObject({ name: 'in-process', calls: 9, p50Ms: 1, p90Ms: 2, maxMs: 2, perSecond: 900 });
    expect(bytes).toMatchObject({ name: 'bytes', calls: 9, p50Ms: 2, p90Ms: 9, p99Ms: 9, maxMs: 9, perSecond: 450 });
  });

  test('are compared round by round, so that a slow round counts for both', () => {
    // 2/1, 6/2, 2/1 and 500/1000, 125/500, 450/900
    expect(bytes).toMatchObject({ p50Ratio: 2, perSecondRatio: 0.5 });
    expect(own).toMatchObject({ p50Ratio: 1, perSecondRatio: 1 });
  });

  test('share the CPU time of all rounds among the calls', () => {
    expect(own?.cpuMsPerCall).toBe(1);
    expect(bytes?.cpuMsPerCall).toBe(5);
  });

  test('have no ratio without a baseline, and no CPU time of processes that are not known or ended meanwhile', () => {
    const without = (cpuMs: number | undefined): Measured => ({ name: 'bytes', rounds: [round([1], 1, 5), { samples: [1], perSecond: 1, cpuMs }] });
    for (const cpuMs of [undefined, -20]) expect(figuresOf([without(cpuMs)])[0]).toMatchObject({ p50Ratio: null, perSecondRatio: null, cpuMsPerCall: null });
  });
});

describe('a comparison', () => {
  /** Contenders that write down their turns. */
  function recording(): { contenders: Contender[]; turns: string[] } {
    const turns: string[] = [];
    let cpuMs = 0;
    const contenders = (['in-process', 'bytes', 'shared-memory'] as const).map((name): Contender => ({
      name,
      takeTurn: async ({ callers, ms, calls }) => {
        turns.push(`${name} ${callers} ${ms}${calls === undefined ? '' : ` warm-up ${calls}`}`);
        cpuMs += 40;
        return { samples: [1], perSecond: 1 };
      },
      cpuMs: () => cpuMs,
    }));
    return { contenders, turns };
  }

  test('lets the contenders take turns, another one first each round, after a warm-up', async () => {
    const { contenders, turns } = recording();
    const steps: (string | number)[] = [];
    const measured = await compare(contenders, { callers: 4, rounds: 2, turnMs: 10, warmUp: 7, onStep: (step) => steps.push(step) });
    expect(turns).toEqual([
      'in-process 4 20 warm-up 7', 'bytes 4 20 warm-up 7', 'shared-memory 4 20 warm-up 7',
      'in-process 4 10', 'bytes 4 10', 'shared-memory 4 10',
      'bytes 4 10', 'shared-memory 4 10', 'in-process 4 10',
    ]);
    expect(steps).toEqual(['warm-up', 1, 2]);
    expect(measured.map(({ name, rounds: done }) => [name, done.length])).toEqual([['in-process', 2], ['bytes', 2], ['shared-memory', 2]]);
    expect(measured[0]?.rounds[0]?.cpuMs).toBe(40);
  });

  test('needs no warm-up', async () => {
    const { contenders, turns } = recording();
    await compare(contenders, { callers: 1, rounds: 1, turnMs: 10, warmUp: 0 });
    expect(turns).toEqual(['in-process 1 10', 'bytes 1 10', 'shared-memory 1 10']);
  });
});
