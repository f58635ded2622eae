import { expect, test } from 'vitest';
import { LoadQueue } from '../../../components/agent/load-queue.ts';

/** A queue in front of a device with so much memory, what it has let load, and how to end that. */
function useQueue(available: number): { ask: (alias: string, bytes?: number) => Promise<string>; started: string[]; finish: (alias: string) => Promise<void> } {
  const queue = new LoadQueue({ available: () => available });
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = (alias: string, bytes = 0): Promise<string> =>
    queue
      .run({ alias, bytes, instances: 1 }, async () => {
        started.push(alias);
        await new Promise<void>((end) => ends.set(alias, end));
        if (alias.startsWith('broken')) throw new Error('cannot be loaded');
      })
      .then(() => 'loaded', (error: Error) => error.message);
  const settle = async (): Promise<void> => new Promise((done) => setImmediate(done));
  const finish = async (alias: string): Promise<void> => {
    await settle();
    ends.get(alias)?.();
    await settle();
  };
  return { ask, started, finish };
}

test('four load side by side, the others in the order they came', async () => {
  const { ask, started, finish } = useQueue(1);
  const asked = ['a', 'b', 'broken', 'd', 'e', 'f', 'g'].map((alias) => ask(alias));
  await finish('none');
  expect(started).toEqual(['a', 'b', 'broken', 'd']);
  for (const alias of ['broken', 'b', 'a', 'd', 'f', 'e', 'g']) await finish(alias);
  expect(started).toEqual(['a', 'b', 'broken', 'd', 'e', 'f', 'g']);
  expect(await Promise.all(asked)).toEqual(['loaded', 'loaded', 'cannot be loaded', 'loaded', 'loaded', 'loaded', 'loaded']);
});

test('a model that fits only without those that load waits for them', async () => {
  const { ask, started, finish } = useQueue(100e6);
  const asked = [ask('a', 40e6), ask('b', 70e6), ask('c', 10e6)];
  await finish('none');
  // The last one would fit, but is not to overtake.
  expect(started).toEqual(['a']);
  await finish('a');
  expect(started).toEqual(['a', 'b', 'c']);
  await finish('b');
  await finish('c');
  expect(await Promise.all(asked)).toEqual(['loaded', 'loaded', 'loaded']);
});

test('a model that does not fit at all is refused with what it needs and what there is, and the next has its turn', async () => {
  const { ask, started, finish } = useQueue(500e6);
  const asked = [ask('a', 400e6), ask('big', 528e6), ask('c', 1)];
  await finish('a');
  expect(started).toEqual(['a', 'c']);
  await finish('c');
  expect(await Promise.all(asked)).toEqual(['loaded', 'Model "big" needs about 528 MB for a worker while it loads, and 500 MB are available. Unload another model, lower Instances, or raise the memory limit.', 'loaded']);
});
