import { FescueError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { StoredCapture } from './capture-record.ts';
import { linesObject, objectsOf, type CaptureOrigin } from './captured-objects.ts';
import type { Clock } from './clock.ts';
import { DeliveryError, type Destination } from './destination.ts';
import type { ObjectSender } from './object-sender.ts';
import type { Batch, Spool } from './spool.ts';
import type { SpoolEntry } from './spool-entry.ts';

export type UploaderOptions = {
  readonly spool: Spool;
  readonly destination: Destination;
  readonly sender: ObjectSender;
  readonly origin: CaptureOrigin;
  readonly embedLimit: number;
  readonly batchSize: number;
  /** The longest a capture waits for others. */
  readonly pushPeriodMs: number;
  /** Batches that are delivered at the same time. */
  readonly parallel: number;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Takes batches out of the spool, as soon as they are full or have waited long enough, and delivers them. */
export class Uploader {
  #options: UploaderOptions;
  readonly #stopped = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #captures = 0;
  #added = Promise.withResolvers<void>();
  /** Since when something waits and nothing was taken, on the steady clock. */
  #idleSince: number | undefined;
  #flushing = false;

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  /** Captures delivered since the start. */
  get captures(): number {
    return this.#captures;
  }

  /** Follows a change of the configuration, from the next batch on. */
  tune({ batchSize, pushPeriodMs }: Pick<UploaderOptions, 'batchSize' | 'pushPeriodMs'>): void {
    this.#options = { ...this.#options, batchSize, pushPeriodMs };
    this.captureAdded();
  }

  start(): void {
    this.captureAdded();
    this.#running = Promise.all(Array.from({ length: this.#options.parallel }, () => this.#deliverAll()));
  }

  /** To be called when the spool has accepted something. */
  captureAdded(): void {
    if (this.#options.spool.waiting > 0) this.#idleSince ??= this.#options.clock.steady();
    this.#added.resolve();
    this.#added = Promise.withResolvers();
  }

  /** Delivers what waits without waiting for more. Resolves when nothing is left, or `timeoutMs` have passed. */
  async flush(timeoutMs: number): Promise<void> {
    const { clock, spool } = this.#options;
    this.#flushing = true;
    this.captureAdded();
    for (let left = timeoutMs; spool.usage().captures > 0 && left > 0; left -= flushStepMs) await clock.sleep(Math.min(left, flushStepMs));
  }

  /** Stops where it is; the spool knows what is left. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#added.resolve();
    await this.#running;
  }

  async #deliverAll(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const batch = this.#isDue() ? await this.#take() : undefined;
      if (batch === undefined) await this.#wait();
      else await this.#deliver(batch);
    }
  }

  #isDue(): boolean {
    const { spool, batchSize } = this.#options;
    return spool.hasReplanned || spool.waiting >= batchSize || (spool.waiting > 0 && (this.#flushing || this.#pauseMs() <= 0));
  }

  /** Until the first of those that wait has waited long enough, and no longer than that when the time of day was set back. */
  #pauseMs(): number {
    const { clock, pushPeriodMs, spool } = this.#options;
    const sinceMs = Math.max(clock.now() - (spool.waitingSinceMs ?? Infinity), clock.steady() - (this.#idleSince ?? Infinity));
    return pushPeriodMs - Math.max(0, sinceMs);
  }

  async #take(): Promise<Batch | undefined> {
    const { spool, sender, clock } = this.#options;
    let batch: Batch | undefined;
    const taken = await sender.persist(() => void (batch = spool.nextBatch()), this.#stopped.signal);
    this.#idleSince = spool.waiting > 0 ? clock.steady() : undefined;
    return taken ? batch : undefined;
  }

  async #wait(): Promise<void> {
    const { clock, spool } = this.#options;
    const woken = new AbortController();
    const added = this.#added.promise.then(() => woken.abort());
    const pause = spool.waiting > 0 ? clock.sleep(Math.max(0, this.#pauseMs()), AbortSignal.any([woken.signal, this.#stopped.signal])) : undefined;
    await (pause === undefined ? added : Promise.race([added, pause]));
  }

  async #deliver(batch: Batch): Promise<void> {
    const { spool, sender, origin } = this.#options;
    const { signal } = this.#stopped;
    const sent: { entry: SpoolEntry; line: string }[] = [];
    for (const entry of batch.entries) {
      const line = await this.#deliverObjects(entry);
      if (signal.aborted) return;
      if (line !== undefined) sent.push({ entry, line });
    }
    try {
      if (sent.length > 0 && !(await sender.send(linesObject(sent.map(({ line }) => line), batch, origin), signal))) return;
    } catch (error) {
      for (const { entry } of sent.splice(0)) await this.#giveUp(entry, 'rejected', error);
    }
    if (await sender.persist(() => spool.delivered(batch), signal)) this.#captures += sent.length;
  }

  /** @returns the line of a capture whose objects are delivered; undefined when it was given up or the uploader stops */
  async #deliverObjects(entry: SpoolEntry): Promise<string | undefined> {
    const { origin, embedLimit, destination, sender } = this.#options;
    const capture = await this.#read(entry);
    if (capture === undefined) return undefined;
    const { line, objects } = objectsOf(capture, { origin, embedLimit, urlOf: (key) => destination.urlOf(key) });
    try {
      for (const object of objects) if (!(await sender.send(object, this.#stopped.signal))) return undefined;
      return line;
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      await this.#giveUp(entry, 'rejected', error);
      return undefined;
    }
  }

  /** A fault of the disk passes, or somebody repairs it. @returns undefined when the capture is damaged, and was given up */
  async #read(entry: SpoolEntry): Promise<StoredCapture | undefined> {
    const { spool, sender } = this.#options;
    const read: { capture?: StoredCapture; damage?: FescueError } = {};
    const tryToRead = (): void => {
      try {
        read.capture = spool.read(entry);
      } catch (error) {
        if (!(error instanceof FescueError)) throw error;
        read.damage = error;
      }
    };
    await sender.persist(tryToRead, this.#stopped.signal);
    if (read.damage !== undefined) await this.#giveUp(entry, 'damaged', read.damage);
    return read.capture;
  }

  async #giveUp(entry: SpoolEntry, why: 'damaged' | 'rejected', error: unknown): Promise<void> {
    const { spool, sender, log } = this.#options;
    log.error({ capture: entry.id, model: entry.model, why, reason: messageOf(error) }, 'capture given up; its bytes are put aside in the quarantine folder of the spool');
    await sender.persist(() => spool.giveUp(entry, why, messageOf(error)), this.#stopped.signal);
  }
}

const flushStepMs = 50;
