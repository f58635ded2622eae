import { describe, expect, onTestFinished, test } from 'vitest';
import type { StoredCapture } from '../../../../components/agent/capture/capture-record.ts';
import type { CaptureObject } from '../../../../components/agent/capture/captured-objects.ts';
import { DeliveryError } from '../../../../components/agent/capture/destination.ts';
import { MemoryLog } from '../../../../components/agent/capture/memory-log.ts';
import { ObjectSender } from '../../../../components/agent/capture/object-sender.ts';
import type { Place } from '../../../../components/agent/capture/record-log.ts';
import { Spool } from '../../../../components/agent/capture/spool.ts';
import { Uploader, type UploaderOptions } from '../../../../components/agent/capture/uploader.ts';
import { parseCaptureLine } from '../../../../components/common/capture-format.ts';
import { memoryDestination, type MemoryDestination } from '../../../helpers/memory-destination.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';
import { newCapture, spoolDefaults, testSpool, type TestSpool } from '../../../helpers/spool-captures.ts';
import { useLogger } from '../../../helpers/use-logger.ts';

const pushPeriodMs = 4_000;
const hourMs = 3_600_000;
const atMs = Date.UTC(2023, 2, 14, 16, 11, 30);

type Setup = { clock: SimulatedClock; destination: MemoryDestination; uploader: Uploader; spool: TestSpool['spool']; opened: TestSpool; add: (...captures: Parameters<typeof newCapture>[]) => void; batches: () => string[][]; lines: Record<string, unknown>[] };

/** An uploader of a spool in memory to a destination in memory; `batches` are the ids of each object of lines, in the order they were delivered. */
function setUp(options: Partial<UploaderOptions> & { order?: 'oldest-first' | 'important-first' } = {}): Setup {
  const { order = 'oldest-first', batchSize = 3, ...rest } = options;
  const [clock, destination] = [new SimulatedClock(atMs), memoryDestination()];
  const opened = testSpool(undefined, { batchSize, order });
  const { log, lines } = useLogger();
  const sender = new ObjectSender({ destination, clock, log, random: () => 0.5 });
  const uploader = new Uploader({ spool: opened.spool, destination, sender, origin: { prefix: 'p', fleet: 'f', device: 'd' }, embedLimit: 100, batchSize, pushPeriodMs, parallel: 1, clock, log, ...rest });
  uploader.start();
  onTestFinished(async () => uploader.stop());
  const add = (...captures: Parameters<typeof newCapture>[]): void => {
    const refusals = opened.spool.accept(captures.map(([id, given]) => ({ ...newCapture(id, { atMs, ...given }), acceptedMs: clock.now() })));
    expect(refusals.every((refusal) => refusal === undefined)).toBe(true);
    uploader.captureAdded();
  };
  const batches = (): string[][] => [...destination.objects].filter(([key]) => key.endsWith('.jsonl')).map(([, body]) => idsIn(body));
  return { clock, destination, uploader, spool: opened.spool, opened, add, batches, lines };
}

function idsIn(body: Buffer): string[] {
  return body.toString().trimEnd().split('\n').map((line) => parseCaptureLine(line).eventMetadata.eventId);
}

function isLines({ key }: CaptureObject): boolean {
  return key.endsWith('.jsonl');
}

describe('a batch goes', () => {
  test('by another size or push period as soon as that is said', async () => {
    const { clock, add, batches, uploader, spool } = setUp({ batchSize: 5 });
    add(['a'], ['b']);
    await clock.advance(100);
    spool.tune({ batchSize: 2, overflow: 'refuse', order: 'oldest-first' });
    uploader.tune({ batchSize: 2, pushPeriodMs });
    await clock.advance(0);
    expect(batches()).toEqual([['a', 'b']]);
    add(['c']);
    await clock.advance(100);
    uploader.tune({ batchSize: 2, pushPeriodMs: 150 });
    await clock.advance(49);
    expect(batches()).toHaveLength(1);
    await clock.advance(1);
    expect(batches()[1]).toEqual(['c']);
  });

  test('as soon as it is full', async () => {
    const { clock, add, batches, spool, uploader } = setUp();
    add(['a'], ['b']);
    await clock.advance(pushPeriodMs - 1);
    expect(batches()).toEqual([]);
    add(['c']);
    await clock.advance(0);
    expect(batches()).toEqual([['a', 'b', 'c']]);
    expect([spool.status('a'), spool.waiting, uploader.captures]).toEqual(['SUCCESS', 0, 3]);
  });

  test('when its first capture has waited for the push period', async () => {
    const { clock, add, batches } = setUp();
    await clock.advance(hourMs);
    add(['a']);
    await clock.advance(pushPeriodMs / 2);
    add(['b']);
    await clock.advance(pushPeriodMs / 2 - 1);
    expect(batches()).toEqual([]);
    await clock.advance(1);
    expect(batches()).toEqual([['a', 'b']]);
    add(['c']);
    await clock.advance(pushPeriodMs - 1);
    expect(batches()).toHaveLength(1);
    await clock.advance(1);
    expect(batches()[1]).toEqual(['c']);
  });

  test('whatever the time of day is set to', async () => {
    const { clock, add, batches } = setUp();
    add(['a']);
    clock.setBack(30 * 24 * hourMs);
    await clock.advance(pushPeriodMs);
    expect(batches()).toEqual([['a']]);
  });

  test('at once when it is flushed', async () => {
    const { clock, add, batches, uploader } = setUp();
    add(['a']);
    const flushed = uploader.flush(1_000);
    await clock.advance(50);
    await flushed;
    expect(batches()).toEqual([['a']]);
  });

  test('and a flush ends in time when it does not', async () => {
    const { clock, add, destination, uploader } = setUp();
    destination.before = () => {
      throw new DeliveryError('unreachable', 'no');
    };
    add(['a']);
    const flushed = uploader.flush(1_000);
    await clock.advance(1_000);
    await flushed;
    expect(destination.objects.size).toBe(0);
  });
});

test('models and hours are apart, in the folder of each', async () => {
  const { clock, add, batches, destination } = setUp({ batchSize: 10 });
  add(['a1', { model: 'a' }], ['b1', { model: 'b' }], ['a2', { model: 'a' }], ['early', { model: 'a', atMs: atMs - hourMs }], ['b2', { model: 'b' }]);
  await clock.advance(pushPeriodMs);
  expect(batches()).toEqual([['a1', 'a2'], ['b1', 'b2'], ['early']]);
  expect([...destination.objects.keys()].map((key) => key.replace(/[0-9a-f]{32}/, '*'))).toEqual(['p/f/a/2023/03/14/16/*.jsonl', 'p/f/b/2023/03/14/16/*.jsonl', 'p/f/a/2023/03/14/15/*.jsonl']);
});

describe('what a batch leaves, of another model or hour,', () => {
  test('goes when it has waited for the push period itself', async () => {
    const { clock, add, batches } = setUp({ batchSize: 3 });
    add(['a1', { model: 'a' }], ['b1', { model: 'b' }]);
    await clock.advance(1_000);
    add(['a2', { model: 'a' }]);
    await clock.advance(pushPeriodMs - 1_001);
    expect(batches()).toEqual([['a1', 'a2']]);
    await clock.advance(1);
    expect(batches()).toEqual([['a1', 'a2'], ['b1']]);
  });

  test('goes whatever the time of day is set to', async () => {
    const { clock, add, batches } = setUp({ batchSize: 2 });
    add(['a', { model: 'a' }], ['b', { model: 'b' }]);
    await clock.advance(0);
    clock.setBack(30 * 24 * hourMs);
    await clock.advance(pushPeriodMs);
    expect(batches()).toEqual([['a'], ['b']]);
  });

  test('is not sent in pieces because others came and went before', async () => {
    const { clock, add, batches, destination } = setUp({ batchSize: 100 });
    destination.before = async () => clock.sleep(300);
    for (let count = 0; count < 100; count += 1) {
      add([`a${count}`, { model: 'a' }], [`b${count}`, { model: 'b' }]);
      await clock.advance(100);
    }
    await clock.advance(2 * pushPeriodMs);
    expect(batches().flat()).toHaveLength(200);
    expect(batches().length).toBeLessThanOrEqual(8);
  });
});

describe('order', () => {
  const captures: Parameters<typeof newCapture>[] = [['low', { priority: 1 }], ['old', { priority: 9 }], ['middle', { priority: 5 }], ['new', { priority: 9 }]];

  test.each([
    ['oldest-first' as const, [['low'], ['old'], ['middle'], ['new']]],
    ['important-first' as const, [['new'], ['old'], ['middle'], ['low']]],
  ])('%s', async (order, expected) => {
    const { clock, add, batches } = setUp({ order, batchSize: 1 });
    for (const capture of captures) add(capture);
    await clock.advance(0);
    expect(batches()).toEqual(expected);
  });
});

test('objects go before the line that refers to them', async () => {
  const { clock, add, destination } = setUp({ batchSize: 2 });
  add(['small'], ['large', { bytes: 200, fill: 3 }]);
  await clock.advance(0);
  const keys = [...destination.objects.keys()];
  expect(keys.map((key) => key.endsWith('.jsonl'))).toEqual([false, true]);
  expect(destination.objects.get(keys[0] ?? '')?.equals(Buffer.alloc(200, 3))).toBe(true);
  const [small, large] = (destination.objects.get(keys[1] ?? '')?.toString() ?? '').trimEnd().split('\n').map(parseCaptureLine);
  expect(small?.deviceFleetInputs[0]?.data).toBeDefined();
  expect(large?.deviceFleetInputs[0]?.['data-ref']).toBe(`memory:/${keys[0]}`);
});

test('a batch is tried again under the same keys, and is in progress until it is delivered', async () => {
  const { clock, add, destination, spool } = setUp({ batchSize: 1 });
  const tried: string[] = [];
  destination.before = (object) => {
    if (!isLines(object)) return;
    tried.push(object.key);
    if (tried.length < 3) throw new DeliveryError('unreachable', 'no');
  };
  add(['a', { bytes: 200 }]);
  await clock.advance(1_500);
  expect(spool.status('a')).toBe('IN_PROGRESS');
  await clock.advance(pushPeriodMs);
  expect(spool.status('a')).toBe('SUCCESS');
  expect([tried.length, new Set(tried).size]).toEqual([3, 1]);
  expect(destination.objects.size).toBe(2);
});

test.each([1, 3])('so many batches go at the same time: %d', async (parallel) => {
  const { clock, add, destination, batches } = setUp({ batchSize: 1, parallel });
  let [now, most] = [0, 0];
  destination.before = async () => {
    most = Math.max(most, (now += 1));
    await clock.sleep(100);
    now -= 1;
  };
  add(...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id): [string] => [id]));
  await clock.advance(10_000);
  expect(batches().flat().toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  expect(most).toBe(parallel);
});

describe('what cannot be delivered', () => {
  test('is given up alone when one object is rejected; the rest of the batch goes on', async () => {
    const { clock, add, destination, spool, opened, batches, lines } = setUp();
    destination.before = ({ body }) => {
      if (body.length === 300) throw new DeliveryError('rejected', 'not this one');
    };
    add(['a'], ['bad', { bytes: 300 }], ['c']);
    await clock.advance(60_000);
    expect(batches()).toEqual([['a', 'c']]);
    expect(['a', 'bad', 'c'].map((id) => spool.status(id))).toEqual(['SUCCESS', 'FAILURE', 'SUCCESS']);
    expect(opened.dropped).toEqual(['1 rejected']);
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ capture: 'bad', model: 'm', why: 'rejected', reason: 'not this one' }]);
    expect(spool.usage()).toMatchObject({ captures: 0, bytes: 0 });
  });

  test('is given up with the whole batch when its lines are rejected', async () => {
    const { clock, add, destination, spool, opened, uploader } = setUp();
    destination.before = (object) => {
      if (isLines(object)) throw new DeliveryError('rejected', 'no lines');
    };
    add(['a'], ['b'], ['c']);
    await clock.advance(60_000);
    expect(['a', 'b', 'c'].map((id) => spool.status(id))).toEqual(['FAILURE', 'FAILURE', 'FAILURE']);
    expect([opened.dropped, uploader.captures]).toEqual([['1 rejected', '1 rejected', '1 rejected'], 0]);
    destination.before = () => undefined;
    add(['d'], ['e'], ['f']);
    await clock.advance(60_000);
    expect(spool.status('d')).toBe('SUCCESS');
  });
});

test('it stops amid the objects of a batch, and none of its captures counts as delivered', async () => {
  const { clock, add, destination, spool, uploader } = setUp({ batchSize: 2 });
  destination.before = async (_, signal) => {
    await clock.sleep(hourMs, signal);
    signal.throwIfAborted();
  };
  add(['a', { bytes: 200 }], ['b', { bytes: 200 }]);
  await clock.advance(1_000);
  await uploader.stop();
  expect([spool.status('a'), spool.status('b'), uploader.captures]).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 0]);
});

test('it stops amid a delivery, and what was not delivered is still there', async () => {
  const { clock, add, destination, spool, uploader } = setUp({ parallel: 2 });
  destination.before = async (_, signal) => {
    await clock.sleep(hourMs, signal);
    signal.throwIfAborted();
  };
  add(['a'], ['b'], ['c'], ['d']);
  await clock.advance(1_000);
  await uploader.stop();
  expect(destination.objects.size).toBe(0);
  expect(spool.status('a')).toBe('IN_PROGRESS');
  expect(spool.usage().captures).toBe(4);
});

test('a capture that the disk does not give for a moment is delivered later, and not given up', async () => {
  class TroubledLog extends MemoryLog {
    troubles = 2;

    override read(place: Place): StoredCapture {
      this.troubles -= 1;
      if (this.troubles >= 0) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
      return super.read(place);
    }
  }
  const dropped: string[] = [];
  const spool = new Spool({ ...spoolDefaults, log: new TroubledLog(), journal: undefined, mostCaptures: 10, onDropped: (count, reason) => dropped.push(`${count} ${reason}`) });
  const { clock, destination, lines, uploader } = setUp({ spool });
  spool.accept([newCapture('a', { atMs })]);
  uploader.captureAdded();
  await clock.advance(60_000);
  expect([spool.status('a'), dropped]).toEqual(['SUCCESS', []]);
  expect(destination.objects.size).toBe(1);
  expect(lines[0]).toMatchObject({ reason: 'EIO: i/o error, read' });
});
