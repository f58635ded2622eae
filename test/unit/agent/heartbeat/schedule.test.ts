import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { Schedule } from '../../../../components/agent/heartbeat/schedule.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';

type Running = { schedule: Schedule; clock: SimulatedClock; beats: number[] };

function useSchedule({ periodMs = 300_000, random = () => 0.5, takesMs = 0 }: { periodMs?: number; random?: () => number; takesMs?: number } = {}): Running {
  const clock = new SimulatedClock(0);
  const beats: number[] = [];
  const schedule = new Schedule({
    clock,
    periodMs,
    random,
    beat: async () => {
      beats.push(clock.steady());
      if (takesMs > 0) await clock.sleep(takesMs);
    },
  });
  onTestFinished(() => void schedule.stop());
  schedule.start();
  return { schedule, clock, beats };
}

test('the first comes soon, the others after the period, give or take a tenth', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 12, maxLength: 12 }), async (numbers) => {
      const { clock, beats, schedule } = useSchedule({ random: () => numbers.pop() ?? 0.5 });
      await clock.advance(1_700_000);
      await schedule.stop();
      expect(beats[0]).toBeGreaterThanOrEqual(500);
      expect(beats[0]).toBeLessThanOrEqual(3_000);
      const pauses = beats.slice(1).map((at, index) => at - (beats[index] ?? 0));
      expect(pauses.length).toBeGreaterThanOrEqual(5);
      expect(Math.min(...pauses)).toBeGreaterThan(269_999);
      expect(Math.max(...pauses)).toBeLessThan(330_001);
    }),
    { numRuns: 20 },
  );
});

test('changes are told together and soon, not more often than every five seconds, and count for the period', async () => {
  const { clock, beats, schedule } = useSchedule();
  await clock.advance(100_000);
  expect(beats).toEqual([1_750]);
  for (let count = 0; count < 10; count += 1) schedule.changed();
  await clock.advance(499);
  expect(beats).toHaveLength(1);
  await clock.advance(1);
  expect(beats).toEqual([1_750, 100_500]);
  for (let elapsed = 0; elapsed < 20_000; elapsed += 100) {
    schedule.changed();
    await clock.advance(100);
  }
  expect(beats.slice(2)).toEqual([105_500, 110_500, 115_500, 120_500]);
  await clock.advance(299_000);
  expect(beats).toHaveLength(6);
  await clock.advance(2_000);
  expect(beats.at(-1)).toBe(420_500);
});

test('a change does not put off what is due before', async () => {
  const { clock, beats, schedule } = useSchedule();
  await clock.advance(1_700);
  schedule.changed();
  await clock.advance(100);
  expect(beats).toEqual([1_750]);
  await clock.advance(299_900);
  schedule.changed();
  await clock.advance(60);
  expect(beats).toEqual([1_750, 301_750]);
});

test('another period holds from the last report on, be it shorter or longer', async () => {
  const { clock, beats, schedule } = useSchedule();
  schedule.setPeriod(600_000);
  await clock.advance(100_000);
  expect(beats).toEqual([1_750]);
  schedule.setPeriod(10_000);
  await clock.advance(0);
  await clock.advance(30_000);
  expect(beats.slice(1)).toEqual([100_000, 110_000, 120_000, 130_000]);
  schedule.setPeriod(1_000_000);
  await clock.advance(999_000);
  expect(beats).toHaveLength(5);
  await clock.advance(2_000);
  expect(beats.at(-1)).toBe(1_130_000);
});

test('a report that takes long is not overtaken, and is waited for at the end; none follows', async () => {
  const { clock, beats, schedule } = useSchedule({ periodMs: 5_000, takesMs: 60_000 });
  await clock.advance(30_000);
  schedule.changed();
  await clock.advance(1_000);
  expect(beats).toHaveLength(1);
  let isStopped = false;
  void schedule.stop().then(() => (isStopped = true));
  await clock.advance(1_000);
  expect(isStopped).toBe(false);
  await clock.advance(100_000);
  expect(isStopped).toBe(true);
  schedule.changed();
  await clock.advance(100_000);
  expect(beats).toHaveLength(1);
});
