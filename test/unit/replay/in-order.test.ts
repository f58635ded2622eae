import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inOrder } from '../../../scripts/replay/in-order.ts';

async function* upTo(count: number, onNext: (item: number) => void = () => undefined): AsyncGenerator<number> {
  for (let item = 0; item < count; item += 1) {
    onNext(item);
    yield item;
  }
}

async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test('what is made comes in the order of the items, however long each takes', async () => {
  const made = inOrder(upTo(9), 3, async (item) => {
    await sleep((9 - item) % 4);
    return item * 2;
  });
  expect(await listOf(made)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16]);
});

test('no more are under way at once, and no item is taken before its time', async () => {
  let [running, most, taken, given] = [0, 0, 0, 0];
  const made = inOrder(upTo(20, () => void (taken += 1)), 3, async () => {
    running += 1;
    most = Math.max(most, running);
    await sleep(1);
    running -= 1;
  });
  for await (const _ of made) {
    given += 1;
    expect(taken - given).toBeLessThanOrEqual(3);
  }
  expect([given, most]).toEqual([20, 3]);
});

test('a failure comes at its place, and when nothing is under way any more', async () => {
  const ended: number[] = [];
  const given: number[] = [];
  const made = inOrder(upTo(9), 3, async (item) => {
    if (item === 1) throw new Error('one');
    await sleep(5);
    ended.push(item);
    return item;
  });
  await expect(async () => {
    for await (const item of made) given.push(item);
  }).rejects.toThrow('one');
  expect([given, ended]).toEqual([[0], [0, 2, 3]]);
});

test('leaving early ends the items, too', async () => {
  let ended = false;
  const items = async function* (): AsyncGenerator<number> {
    try {
      yield* upTo(100);
    } finally {
      ended = true;
    }
  };
  for await (const item of inOrder(items(), 2, (one) => Promise.resolve(one))) if (item === 3) break;
  expect(ended).toBe(true);
});
