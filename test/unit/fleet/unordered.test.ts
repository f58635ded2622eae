import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { unordered, type UnorderedOptions } from '../../../scripts/fleet/unordered.ts';

async function* upTo(count: number, onTake: (index: number) => void = () => undefined): AsyncGenerator<number> {
  for (let index = 0; index < count; index += 1) {
    onTake(index);
    yield index;
  }
}

const plain = { atOnce: 4, isPassing: () => false, firstPauseMs: 1 };

async function collect<Made>(made: AsyncIterable<Made>): Promise<Made[]> {
  const all: Made[] = [];
  for await (const one of made) all.push(one);
  return all;
}

describe('making things in no order', () => {
  test('gives each once, the quick before the slow', async () => {
    const slow = Promise.withResolvers<void>();
    const seen: number[] = [];
    for await (const one of unordered(upTo(100), { ...plain, make: async (item) => (item === 0 ? slow.promise.then(() => item) : item) })) {
      seen.push(one);
      if (seen.length === 99) slow.resolve();
    }
    expect(seen.at(-1)).toBe(0);
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  test('takes no more than asked for before its reader wants more', async () => {
    let taken = 0;
    let given = 0;
    let most = 0;
    for await (const _ of unordered(upTo(500, () => void (taken += 1)), { ...plain, make: async (item) => item })) {
      given += 1;
      most = Math.max(most, taken - given);
      if (given % 50 === 0) await sleep(2);
    }
    expect(most).toBeLessThanOrEqual(4);
    expect(given).toBe(500);
  });

  test('works on several at once', async () => {
    let running = 0;
    let most = 0;
    await collect(unordered(upTo(40), { ...plain, make: async () => {
      most = Math.max(most, (running += 1));
      await sleep(1);
      running -= 1;
    } }));
    expect(most).toBe(4);
  });

  test('slows down when there are too many at once, and succeeds', async () => {
    let running = 0;
    let refusals = 0;
    const make: UnorderedOptions<number, number>['make'] = async (item) => {
      running += 1;
      try {
        await sleep(1);
        if (running <= 2) return item;
        refusals += 1;
        throw new RangeError('too many');
      } finally {
        running -= 1;
      }
    };
    const made = await collect(unordered(upTo(60), { ...plain, atOnce: 16, isPassing: (error) => error instanceof RangeError, make }));
    expect(made.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => index));
    expect(refusals).toBeGreaterThan(0);
  });

  test('gives up on what does not pass', async () => {
    let tries = 0;
    const failing = unordered(upTo(1), { ...plain, isPassing: () => true, make: async () => Promise.reject(new RangeError(`try ${(tries += 1)}`)) });
    await expect(collect(failing)).rejects.toThrow('try 7');
  });

  test('fails with the first failure, and leaves nothing under way', async () => {
    let running = 0;
    const make = async (item: number): Promise<number> => {
      running += 1;
      await sleep(item);
      running -= 1;
      if (item === 3) throw new RangeError('three');
      return item;
    };
    await expect(collect(unordered(upTo(100), { ...plain, make }))).rejects.toThrow('three');
    expect(running).toBe(0);
  });

  test('ends its items when its reader ends, and makes no more', async () => {
    let isEnded = false;
    let made = 0;
    async function* items(): AsyncGenerator<number> {
      try {
        yield* upTo(1_000);
      } finally {
        isEnded = true;
      }
    }
    for await (const _ of unordered(items(), { ...plain, make: async (item) => { made += 1; return item; } })) break;
    expect(isEnded).toBe(true);
    expect(made).toBeLessThanOrEqual(5);
  });

  test('fails when the items do', async () => {
    async function* items(): AsyncGenerator<number> {
      yield 1;
      throw new RangeError('no page');
    }
    await expect(collect(unordered(items(), { ...plain, make: async (item) => item }))).rejects.toThrow('no page');
  });
});
