import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Backlog } from '../../../../components/agent/heartbeat/backlog.ts';
import { Outbox } from '../../../../components/agent/heartbeat/outbox.ts';
import { FescueError, type ErrorKind } from '../../../../components/common/errors.ts';
import { reportAt } from '../../../helpers/reports.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { useLogger } from '../../../helpers/use-logger.ts';

type Sent = { time: number; isLatest: boolean; at: number };

type TestOutbox = {
  outbox: Outbox;
  backlog: Backlog;
  clock: SimulatedClock;
  sent: Sent[];
  /** When something was tried. */
  tries: number[];
  warnings: () => unknown[];
  /** What the receiver says now; undefined takes reports. */
  failure: ErrorKind | undefined;
  offer: (time: number) => Promise<void>;
};

async function useOutbox(folder?: string): Promise<TestOutbox> {
  const clock = new SimulatedClock(1_700_000_000_000);
  const { log, lines } = useLogger();
  const sent: Sent[] = [];
  const tries: number[] = [];
  const backlog = new Backlog({ path: join(folder ?? (await temporaryFolder()), 'heartbeats.jsonl'), log });
  await backlog.load();
  const channel = {
    send: async ({ time }: { time: number }, { isLatest }: { isLatest: boolean }): Promise<void> => {
      tries.push(clock.steady());
      if (test.failure !== undefined) throw new FescueError(test.failure, 'not now');
      sent.push({ time, isLatest, at: clock.steady() });
    },
  };
  const outbox = new Outbox({ channel, backlog, clock, log });
  onTestFinished(async () => outbox.stop());
  const test: TestOutbox = { outbox, backlog, clock, sent, tries, warnings: () => lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg), failure: undefined, offer: async (time) => outbox.offer(reportAt(time)) };
  return test;
}

/** Time passes until what is done in files meanwhile is done, too. */
async function pass(clock: SimulatedClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await clock.advance(100);
    await new Promise((done) => setTimeout(done, 1));
  }
}

test('a report that is taken is not kept', async () => {
  const { offer, sent, backlog } = await useOutbox();
  await offer(1);
  await offer(2);
  expect(sent).toMatchObject([{ time: 1, isLatest: true }, { time: 2, isLatest: true }]);
  expect(backlog.size).toBe(0);
});

test('those that cannot be sent come later, in order, not all at once, and only the newest as the latest', async () => {
  const test = await useOutbox();
  test.failure = 'unavailable';
  for (const time of [1, 2, 3]) {
    await test.offer(time);
    await pass(test.clock, 5_000);
  }
  expect(test.backlog.size).toBe(3);
  test.failure = undefined;
  await pass(test.clock, 60_000);
  expect(test.sent.map(({ time, isLatest }) => ({ time, isLatest }))).toEqual([{ time: 1, isLatest: false }, { time: 2, isLatest: false }, { time: 3, isLatest: true }]);
  expect((test.sent[1]?.at ?? 0) - (test.sent[0]?.at ?? 0)).toBeGreaterThanOrEqual(200);
  expect(test.warnings()).toEqual(['heartbeats cannot be sent; they are kept and sent later']);
  await test.offer(4);
  expect(test.sent.at(-1)).toMatchObject({ time: 4, isLatest: true });
});

test.each([
  ['unavailable', 60_000, 20],
  ['failed-precondition', 900_000, 8],
] as const)('after %s, tries become as rare as every %d ms', async (failure, longestMs, most) => {
  const test = await useOutbox();
  test.failure = failure;
  await test.offer(1);
  for (let elapsed = 0; elapsed < 15 * 60_000; elapsed += 60_000) await test.clock.advance(60_000);
  const pauses = test.tries.slice(1).map((at, index) => at - (test.tries[index] ?? 0));
  expect(test.tries.length).toBeGreaterThan(2);
  expect(test.tries.length).toBeLessThanOrEqual(most);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(longestMs);
  expect(test.warnings()).toHaveLength(1);
});

test.each(['invalid-argument', 'internal'] as const)('one that nobody will ever take (%s) is given up, and holds up no other', async (failure) => {
  const test = await useOutbox();
  test.failure = failure;
  await test.offer(1);
  await test.offer(2);
  expect(test.backlog.size).toBe(0);
  expect(test.warnings()).toEqual(['a heartbeat cannot be sent and is given up']);
  test.failure = undefined;
  await test.offer(3);
  expect(test.sent).toMatchObject([{ time: 3 }]);
});

test('what the process before has left waits for a newer one, which alone is the latest', async () => {
  const folder = await temporaryFolder();
  const first = await useOutbox(folder);
  first.failure = 'unavailable';
  await first.offer(1);
  await first.outbox.stop();
  const second = await useOutbox(folder);
  await pass(second.clock, 10_000);
  expect(second.sent).toEqual([]);
  await second.offer(2);
  await pass(second.clock, 1_000);
  expect(second.sent).toMatchObject([{ time: 1, isLatest: false }, { time: 2, isLatest: true }]);
});
