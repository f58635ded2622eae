import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { CaptureObject } from '../../components/agent/capture/captured-objects.ts';
import { DeliveryError, type Destination } from '../../components/agent/capture/destination.ts';
import { ObjectSender } from '../../components/agent/capture/object-sender.ts';
import { Uploader } from '../../components/agent/capture/uploader.ts';
import { parseCaptureLine } from '../../components/common/capture-format.ts';
import { SimulatedClock } from '../helpers/simulated-clock.ts';
import { isSoak } from '../helpers/soak.ts';
import { newCapture, testSpool, type TestSpool } from '../helpers/spool-captures.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const minuteMs = 60_000;
const days = isSoak ? 15 : 1;
const minutes = days * 24 * 60;
const MB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapMegabytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

/** A destination that can be away; it keeps the ids of what arrived, in their order, by the key they arrived under. */
class Coast implements Destination {
  readonly name = 'coast';
  online = false;
  tries = 0;
  readonly arrived = new Map<string, string[]>();

  urlOf(key: string): string {
    return `coast:${key}`;
  }

  async put({ key, body }: CaptureObject): Promise<void> {
    this.tries += 1;
    if (!this.online) throw new DeliveryError('unreachable', 'offline');
    if (key.endsWith('.jsonl')) this.arrived.set(key, Buffer.from(body).toString('utf8').trimEnd().split('\n').map((line) => parseCaptureLine(line).eventMetadata.eventId));
  }

  get ids(): string[] {
    return [...this.arrived.values()].flat();
  }
}

type Ship = { opened: TestSpool; coast: Coast; clock: SimulatedClock; uploader: Uploader };

function launch(folder: string, options: Parameters<typeof testSpool>[1]): Ship {
  const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
  const coast = new Coast();
  const opened = testSpool(folder, { batchSize: 10, ...options });
  const log = pino({ level: 'silent' });
  const sender = new ObjectSender({ destination: coast, clock, log });
  const uploader = new Uploader({ spool: opened.spool, destination: coast, sender, origin: { prefix: 'sme-capture', fleet: 'ships', device: 'one' }, embedLimit: 3_072, batchSize: 10, pushPeriodMs: 4_000, parallel: 2, clock, log });
  uploader.start();
  return { opened, coast, clock, uploader };
}

/** Every 100th capture is important, every second one is worth little. */
const priorityOf = (minute: number): number => (minute % 100 === 0 ? 9 : minute % 2 === 0 ? 5 : 2);

/** One capture a minute; a clock that is set back an hour now and then. @returns the ids that were accepted, and the most bytes the spool took */
async function sail({ opened, clock, uploader }: Ship, bytes: number): Promise<{ accepted: string[]; most: number }> {
  const accepted: string[] = [];
  let most = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    const id = `c${String(minute).padStart(5, '0')}-p${priorityOf(minute)}`;
    const [refusal] = opened.spool.accept([newCapture(id, { bytes, priority: priorityOf(minute), atMs: clock.now() })]);
    if (refusal === undefined) accepted.push(id);
    uploader.captureAdded();
    most = Math.max(most, opened.spool.usage().bytes);
    if (minute % 2_000 === 1_999) clock.setBack(60 * minuteMs);
    await clock.advance(minuteMs);
  }
  return { accepted, most };
}

/** Lets time pass until nothing is left. @returns the minutes it took */
async function land({ opened, clock, coast }: Ship): Promise<number> {
  coast.online = true;
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    if (opened.spool.usage().captures === 0) return minute;
    await clock.advance(minuteMs);
  }
  throw new Error(`${opened.spool.usage().captures} captures are left after a day online`);
}

test(`after ${days} days offline every capture arrives once, the most important and newest first`, async () => {
  const ship = launch(join(await temporaryFolder(), 'spool'), { budgetBytes: 512 * MB, order: 'important-first' });
  const before = heapMegabytes();
  const { accepted, most } = await sail(ship, 4_096);
  const grown = heapMegabytes() - before;
  expect(accepted).toHaveLength(minutes);
  // A try every five minutes at most, by two at a time.
  expect(ship.coast.tries).toBeLessThan((2 * minutes) / 2);
  const startedAt = performance.now();
  const drainMinutes = await land(ship);
  const seconds = (performance.now() - startedAt) / 1000;
  await ship.uploader.stop();

  const { ids } = ship.coast;
  expect(ids).toHaveLength(accepted.length);
  expect(new Set(ids)).toEqual(new Set(accepted));
  expect(accepted.slice(-100).map((id) => ship.opened.spool.status(id))).not.toContain('IN_PROGRESS');
  // But for the two batches that were under way all the time.
  const underWay = new Set(accepted.slice(0, 20));
  const byWorth = [...ship.coast.arrived.values()].filter(([id = '']) => !underWay.has(id)).map(([id = '']) => Number(id.at(-1)));
  expect(byWorth).toEqual(byWorth.toSorted((a, b) => b - a));
  expect(most).toBeLessThanOrEqual(512 * MB);
  // An entry takes a quarter of a kilobyte.
  expect(grown).toBeLessThan(8 + minutes / 1_000);
  process.stdout.write(`weeks offline: ${accepted.length} captures, ${(most / MB).toFixed(0)} MiB on the disk, heap +${grown.toFixed(1)} MB; drained in ${drainMinutes} simulated minutes, ${seconds.toFixed(1)} s of work\n`);
});

test('with less room than that, what is worth least is given up, the disk stays within its budget, and the rest arrives once', async () => {
  const budgetBytes = Math.max(2, Math.floor(minutes / 1_000)) * MB;
  const ship = launch(join(await temporaryFolder(), 'spool'), { budgetBytes, overflow: 'drop-lowest', order: 'important-first' });
  const { accepted, most } = await sail(ship, 4_096);
  expect(most).toBeLessThanOrEqual(budgetBytes);
  await land(ship);
  await ship.uploader.stop();
  const ids = new Set(ship.coast.ids);
  expect(ids.size).toBe(ship.coast.ids.length);
  const lost = accepted.filter((id) => !ids.has(id));
  expect(lost.length).toBeGreaterThan(accepted.length / 2);
  expect(lost.slice(-1_000).every((id) => ship.opened.spool.status(id) === 'FAILURE')).toBe(true);
  expect(ship.opened.dropped.reduce((sum, text) => sum + Number.parseInt(text, 10), 0)).toBe(lost.length);
  expect(lost.filter((id) => id.endsWith('p9'))).toEqual([]);
});
