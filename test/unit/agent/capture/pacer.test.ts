import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../components/agent/capture/clock.ts';
import { Pacer } from '../../../../components/agent/capture/pacer.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';

const never = new AbortController().signal;

/** A clock on which every sleep is over at once, and what it was asked for. */
function napping(): { clock: Clock; naps: number[]; elapsed: () => number } {
  const naps: number[] = [];
  let elapsed = 0;
  const sleep = async (ms: number): Promise<void> => {
    naps.push(ms);
    elapsed += ms;
  };
  return { clock: { now: () => elapsed, steady: () => elapsed, sleep }, naps, elapsed: () => elapsed };
}

function content(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, index) => index % 251));
}

test('a body comes out as it went in, and takes as long as the rate says but for the first chunk', async () => {
  const { clock, naps } = napping();
  const body = content(100_000);
  expect((await buffer(new Pacer({ bytesPerSecond: 16_384, clock }).paced(body, never))).equals(body)).toBe(true);
  expect(new Set(naps)).toEqual(new Set([125]));
  expect(naps).toHaveLength(Math.ceil(body.length / 2_048) - 1);
});

test('bodies of one chunk wait for each other', async () => {
  const { clock, elapsed } = napping();
  const pacer = new Pacer({ bytesPerSecond: 1_000_000, clock });
  for (let count = 0; count < 100; count += 1) await buffer(pacer.paced(content(10_000), never));
  expect(elapsed()).toBeCloseTo(990, 5);
});

test('a chunk comes when it is its turn, and not before', async () => {
  const clock = new SimulatedClock(0);
  const pacer = new Pacer({ bytesPerSecond: 1_000, clock });
  const firstChunk = async (): Promise<unknown> => pacer.paced(content(100), never)[Symbol.asyncIterator]().next();
  await firstChunk();
  let came = false;
  const second = firstChunk().then(() => (came = true));
  await clock.advance(99);
  expect(came).toBe(false);
  await clock.advance(1);
  await second;
});

test('all who send at the same time share the rate', async () => {
  const { clock, elapsed } = napping();
  const pacer = new Pacer({ bytesPerSecond: 100_000, clock });
  const bodies = [content(100_000), content(200_000), content(50_000)];
  const sent = await Promise.all(bodies.map(async (body) => buffer(pacer.paced(body, never))));
  expect(sent.every((one, index) => one.equals(bodies[index] ?? Buffer.of()))).toBe(true);
  expect(elapsed()).toBeGreaterThanOrEqual(3_500 - 125);
});

test('time without anything to send is not made up for', async () => {
  const { clock, naps } = napping();
  const pacer = new Pacer({ bytesPerSecond: 8_000, clock });
  await buffer(pacer.paced(content(1_000), never));
  await clock.sleep(60_000);
  naps.length = 0;
  await buffer(pacer.paced(content(3_000), never));
  expect(naps).toEqual([125, 125]);
});

test.each([
  ['at a slow rate no pause is long', 1_024, 10_000, 125],
  ['at a fast rate pauses are not shorter than a timer', 1e9, 1_000_000, 2],
])('%s', async (_, bytesPerSecond, bytes, longest) => {
  const { clock, naps } = napping();
  await buffer(new Pacer({ bytesPerSecond, clock }).paced(content(bytes), never));
  expect(Math.max(0, ...naps)).toBeLessThanOrEqual(longest);
  expect(naps.every((nap) => nap >= 1)).toBe(true);
});

test('nothing comes out of nothing', async () => {
  const { clock } = napping();
  expect(await buffer(new Pacer({ bytesPerSecond: 1, clock }).paced(Buffer.alloc(0), never))).toHaveLength(0);
});

test('another rate holds from the next chunk on, and none at all means no pauses', async () => {
  const { clock, naps } = napping();
  const pacer = new Pacer({ bytesPerSecond: 1_000, clock });
  const body = content(100_000);
  const [read, seen]: [Buffer[], Set<number>] = [[], new Set()];
  for await (const chunk of pacer.paced(body, never) as AsyncIterable<Buffer>) {
    read.push(chunk);
    seen.add(chunk.length);
    if (read.length === 3) pacer.setRate(8_000);
    if (read.length === 6) pacer.setRate(Infinity);
  }
  expect(Buffer.concat(read).equals(body)).toBe(true);
  expect([...seen]).toEqual(expect.arrayContaining([125, 1_000, 16_384]));
  expect(naps.length).toBeLessThan(read.length - 3);
  expect(pacer.isLimited).toBe(false);
});
