import { describe, expect, test } from 'vitest';
import { DeliveryError, type DeliveryFault } from '../../../../components/agent/capture/destination.ts';
import { ObjectSender } from '../../../../components/agent/capture/object-sender.ts';
import { memoryDestination, type MemoryDestination } from '../../../helpers/memory-destination.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';
import { useLogger } from '../../../helpers/use-logger.ts';

const minuteMs = 60_000;
const object = { key: 'a/b', body: Buffer.from('content'), contentType: 'text/plain' };

type Setup = { sender: ObjectSender; destination: MemoryDestination; clock: SimulatedClock; stop: AbortController; lines: Record<string, unknown>[]; tries: number[]; fail: (fault: DeliveryFault | undefined) => void };

/** A sender to a destination that fails as it is told, and the times of its tries. */
function setUp(random = 0.5): Setup {
  const [clock, destination, tries] = [new SimulatedClock(0), memoryDestination(), [] as number[]];
  const { log, lines } = useLogger();
  let fault: DeliveryFault | undefined;
  destination.before = () => {
    tries.push(clock.steady());
    if (fault !== undefined) throw new DeliveryError(fault, `it is ${fault}`);
  };
  const sender = new ObjectSender({ destination, clock, log, random: () => random });
  return { sender, destination, clock, stop: new AbortController(), lines, tries, fail: (wanted) => (fault = wanted) };
}

function pausesOf(tries: readonly number[]): number[] {
  return tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
}

describe('pauses', () => {
  test.each([
    [0, [500, 500, 500, 500], 500],
    [0.5, [1_000, 1_500, 2_500, 4_500, 8_500], 150_500],
    [1, [1_500, 2_500, 4_500, 8_500, 16_500], 300_500],
  ])('grow to a limit, with jitter %d', async (random, first, longest) => {
    const { sender, clock, stop, tries, fail } = setUp(random);
    fail('unreachable');
    const sending = sender.send(object, stop.signal);
    await clock.advance(4 * 60 * minuteMs);
    const pauses = pausesOf(tries);
    expect(pauses.slice(0, first.length)).toEqual(first);
    expect(pauses.reduce((most, one) => Math.max(most, one))).toBe(longest);
    expect(pauses.at(-1)).toBe(longest);
    stop.abort();
    expect(await sending).toBe(false);
  });

  test('of all end when one object is taken again', async () => {
    const { sender, clock, stop, tries, fail } = setUp();
    fail('unreachable');
    const waiting = sender.send(object, stop.signal);
    await clock.advance(60 * minuteMs);
    const before = tries.length;
    fail(undefined);
    expect(await sender.send({ ...object, key: 'a/c' }, stop.signal)).toBe(true);
    expect(await waiting).toBe(true);
    expect(tries.slice(before)).toEqual([clock.steady(), clock.steady()]);
  });

  test('begin anew with each object', async () => {
    const { sender, clock, stop, tries, fail } = setUp();
    for (const _ of [1, 2]) {
      fail('refused');
      const sending = sender.send(object, stop.signal);
      await clock.advance(0);
      fail(undefined);
      await clock.advance(1_000);
      expect(await sending).toBe(true);
    }
    expect(pausesOf(tries)).toEqual([1_000, 0, 1_000]);
  });

  test('end at once when the signal is aborted', async () => {
    const { sender, clock, stop, tries, fail } = setUp();
    fail('unreachable');
    const sending = sender.send(object, stop.signal);
    await clock.advance(0);
    stop.abort();
    expect(await sending).toBe(false);
    expect(tries).toEqual([0]);
  });
});

test('an upload that the signal ends is no failure', async () => {
  const { sender, destination, stop, lines } = setUp();
  destination.before = async () => {
    stop.abort();
    throw new DeliveryError('unreachable', 'aborted');
  };
  expect(await sender.send(object, stop.signal)).toBe(false);
  expect([sender.isFailing, sender.figures.failures.unreachable, lines.length]).toEqual([false, 0, 0]);
});

test('a failure is told once in ten minutes, each kind for itself, and so is its end', async () => {
  const { sender, clock, stop, lines, fail } = setUp(0);
  fail('unreachable');
  const sending = sender.send(object, stop.signal);
  await clock.advance(9.9 * minuteMs);
  expect(lines).toMatchObject([{ level: 'warn', destination: 'memory', fault: 'unreachable', reason: 'it is unreachable', msg: 'captures cannot be delivered now; trying again' }]);
  expect(sender.isFailing).toBe(true);
  await clock.advance(0.2 * minuteMs);
  expect(lines).toHaveLength(2);
  fail('refused');
  await clock.advance(5 * minuteMs);
  expect(lines).toHaveLength(3);
  expect(lines[2]).toMatchObject({ fault: 'refused', reason: 'it is refused' });
  fail(undefined);
  await clock.advance(minuteMs);
  expect(await sending).toBe(true);
  expect(lines[3]).toMatchObject({ level: 'info', msg: 'captures can be delivered again', afterSeconds: expect.closeTo(15.1 * 60, -1) as number });
  expect([sender.isFailing, lines.length]).toEqual([false, 4]);
});

test('an object that is rejected five times is given up; what passes in between does not count', async () => {
  const { sender, destination, clock, stop } = setUp();
  const faults: DeliveryFault[] = ['rejected', 'unreachable', 'rejected', 'refused', 'rejected', 'rejected', 'unreachable', 'rejected'];
  destination.before = () => {
    throw new DeliveryError(faults.shift() ?? 'unreachable', 'no');
  };
  const sending = sender.send(object, stop.signal);
  const failure = expect(sending).rejects.toMatchObject({ fault: 'rejected' });
  await clock.advance(60 * minuteMs);
  await failure;
  expect(faults).toEqual([]);
  expect(sender.figures).toEqual({ objects: 0, bytes: 0, failures: { unreachable: 2, refused: 1, rejected: 4 } });
});

test('what is no DeliveryError is tried again', async () => {
  const { sender, destination, clock, stop } = setUp();
  destination.before = () => {
    throw new TypeError('a mistake');
  };
  const sending = sender.send(object, stop.signal);
  await clock.advance(60_000);
  destination.before = () => undefined;
  await clock.advance(60_000);
  expect(await sending).toBe(true);
  expect(sender.figures).toMatchObject({ objects: 1, bytes: object.body.length });
});

describe('persist', () => {
  test('tries again until it is done, and is failing meanwhile', async () => {
    const { sender, clock, stop, lines } = setUp();
    let room = false;
    const done = sender.persist(() => {
      if (!room) throw new Error('no room');
    }, stop.signal);
    await clock.advance(3_000);
    expect(sender.isFailing).toBe(true);
    expect(lines).toMatchObject([{ fault: 'refused', reason: 'no room' }]);
    room = true;
    await clock.advance(10_000);
    expect(await done).toBe(true);
    expect(sender.isFailing).toBe(false);
  });

  test('ends with the signal, but not before one try', async () => {
    const { sender, stop } = setUp();
    stop.abort();
    let tries = 0;
    const act = (): void => void (tries += 1);
    expect([await sender.persist(act, stop.signal), tries]).toEqual([true, 1]);
    const failing = sender.persist(() => {
      throw new Error('no');
    }, stop.signal);
    expect(await failing).toBe(false);
  });
});
