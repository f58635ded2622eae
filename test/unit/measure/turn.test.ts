import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { shareOut } from '../../../scripts/measure/in-process.ts';
import { takeTurn, together } from '../../../scripts/measure/turn.ts';

/** A call that counts how many are under way. */
function countingCall(): { predict: () => Promise<void>; most: () => number; made: () => number; underWay: () => number } {
  let [made, underWay, most] = [0, 0, 0];
  const predict = async (): Promise<void> => {
    made += 1;
    underWay += 1;
    most = Math.max(most, underWay);
    await sleep(1);
    underWay -= 1;
  };
  return { predict, most: () => most, made: () => made, underWay: () => underWay };
}

describe('a turn', () => {
  test('has so many callers at once, and one sample per call', async () => {
    const calls = countingCall();
    const { samples, perSecond } = await takeTurn(calls.predict, { callers: 3, ms: 30 });
    expect(calls.most()).toBe(3);
    expect(samples.length).toBe(calls.made());
    expect(samples.length).toBeGreaterThan(3);
    expect(samples.every((ms) => ms > 0)).toBe(true);
    expect(perSecond).toBeGreaterThan(0);
  });

  test('is one call of every caller at least, and no more calls than asked for', async () => {
    expect((await takeTurn(countingCall().predict, { callers: 4, ms: 0 })).samples.length).toBe(4);
    expect((await takeTurn(countingCall().predict, { callers: 4, ms: 60_000, calls: 10 })).samples.length).toBe(10);
    expect((await takeTurn(countingCall().predict, { callers: 4, ms: 60_000, calls: 2 })).samples.length).toBe(2);
  });

  test('ends with the first call that fails, when no other is under way', async () => {
    const calls = countingCall();
    let attempts = 0;
    const predict = async (): Promise<void> => {
      attempts += 1;
      if (attempts === 6) throw new Error('the sixth call');
      await calls.predict();
    };
    await expect(takeTurn(predict, { callers: 3, ms: 200 })).rejects.toThrow('the sixth call');
    expect(calls.underWay()).toBe(0);
    expect(attempts).toBe(6);
  });

  test('of several programs is one', () => {
    expect(together([{ samples: [1, 2], perSecond: 10 }, { samples: [3], perSecond: 5 }])).toEqual({ samples: [1, 2, 3], perSecond: 15 });
  });
});

test.each([
  [1, 3, [1]],
  [3, 3, [1, 1, 1]],
  [8, 3, [3, 3, 2]],
  [8, 1, [8]],
])('%i callers are shared among %i programs as %j', (callers, programs, shares) => {
  expect(shareOut({ callers, ms: 7 }, programs)).toEqual(shares.map((share) => ({ callers: share, ms: 7 })));
  expect(shareOut({ callers, ms: 7, calls: 10 }, programs).reduce((sum, { calls = 0 }) => sum + calls, 0)).toBeGreaterThanOrEqual(10);
});
