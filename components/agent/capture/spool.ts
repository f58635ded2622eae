import { randomBytes } from 'node:crypto';
import { FescueError, messageOf } from '../../common/errors.ts';
import type { CaptureStatus } from '../../common/wire.ts';
import { recordBytes, type NewCapture, type StoredCapture } from './capture-record.ts';
import { History } from './history.ts';
import type { Journal, JournalEvent, Outcome } from './outcome-journal.ts';
import type { FoundRecord, Place, RecordLog } from './record-log.ts';
import { entryOf, type SpoolEntry } from './spool-entry.ts';
import { noRoomFor } from './spool-room.ts';
import { WaitingEntries, type DeliveryOrder } from './waiting-entries.ts';

/** What to do with a capture there is no room for: refuse it, or give up others that wait. */
export type Overflow = 'refuse' | 'drop-oldest' | 'drop-lowest';

export type SpoolOptions = {
  readonly log: RecordLog;
  readonly journal: Journal | undefined;
  readonly budgetBytes: number;
  /** What the disk must have left after a capture was stored. */
  readonly freeFloorBytes: number;
  /** The most captures at a time; Infinity for as many as the budget holds. */
  readonly mostCaptures: number;
  readonly overflow: Overflow;
  readonly order: DeliveryOrder;
  readonly batchSize: number;
  /** Told of captures that are given up. */
  readonly onDropped: (count: number, reason: 'overflow' | 'damaged' | 'rejected') => void;
};

/** Captures of one model and hour that are delivered together: the same ones under the same id until they are, also after a restart. */
export type Batch = { readonly id: string; readonly model: string; readonly hour: number; readonly entries: readonly SpoolEntry[] };

/**
 * The captures that were accepted, until they are delivered. It owns their state: waiting, planned for delivery, or
 * ended, of which the last ones are remembered.
 */
export class Spool {
  #options: SpoolOptions;
  readonly #waiting = new WaitingEntries();
  readonly #byId = new Map<string, SpoolEntry>();
  readonly #history = new History();
  /** Batches from before a restart, which go first. */
  readonly #replanned: Batch[] = [];
  /** Batches that are being delivered. */
  readonly #planned = new Set<Batch>();
  /** Captures that ended while others of their segment have not, by segment. */
  readonly #endedIn = new Map<number, number[]>();
  #nextSequence = 1;

  constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** Follows a change of the configuration, from the next capture and the next batch on. */
  tune({ overflow, order, batchSize }: Pick<SpoolOptions, 'overflow' | 'order' | 'batchSize'>): void {
    this.#options = { ...this.#options, overflow, order, batchSize };
  }

  /** Takes up what a log and its journal held when they were opened. */
  recover(records: readonly FoundRecord[], events: readonly JournalEvent[]): void {
    const ended = new Set<number>();
    for (const event of events) {
      if (event.kind === 'issued') this.#nextSequence = event.sequence + 1;
      if (event.kind !== 'ended') continue;
      for (const [sequence, id] of event.captures) {
        ended.add(sequence);
        if (id !== '') this.#history.add(id, event.outcome);
      }
    }
    const found = new Map<number, SpoolEntry>();
    const ids = new Set<string>();
    for (const { header, description, place } of records) {
      const entry = entryOf(description, { ...header, place });
      this.#nextSequence = Math.max(this.#nextSequence, header.sequence + 1);
      // Twice the same id: the first was written by a disk that said it was not.
      if (ended.has(header.sequence) || ids.has(entry.id)) this.#release(entry);
      else found.set(header.sequence, entry);
      ids.add(entry.id);
    }
    for (const sequence of ended) this.#nextSequence = Math.max(this.#nextSequence, sequence + 1);
    this.#replan(events, found);
    for (const entry of [...found.values()].toSorted((a, b) => a.sequence - b.sequence)) this.#waiting.add(entry);
    this.#compact();
  }

  /**
   * Stores captures, those of one priority together.
   *
   * @returns for each undefined when it is safe, or why it was not stored: `already-exists`, `resource-exhausted`, `unavailable`
   */
  accept(captures: readonly NewCapture[]): (FescueError | undefined)[] {
    const admitted = new Map<string, NewCapture>();
    let bytes = 0;
    const refusals = captures.map((capture) => {
      const { id } = capture.description;
      const refusal = admitted.has(id) || this.status(id) !== 'NOT_FOUND' ? acceptedBefore(id) : this.#makeRoom(bytes + recordBytes(capture), admitted.size, capture.priority);
      if (refusal !== undefined) return refusal;
      admitted.set(id, capture);
      bytes += recordBytes(capture);
      return undefined;
    });
    const failures = new Map<string, FescueError>();
    for (const [priority, group] of Map.groupBy(admitted.values(), (capture) => capture.priority)) {
      const failure = this.#store(group, priority);
      if (failure !== undefined) for (const { description } of group) failures.set(description.id, failure);
    }
    // Also a second one of the same id in the group is not told that the first is safe.
    return captures.map(({ description }, index) => failures.get(description.id) ?? refusals[index]);
  }

  status(id: string): CaptureStatus {
    return this.#byId.has(id) ? 'IN_PROGRESS' : (this.#history.outcomeOf(id) ?? 'NOT_FOUND');
  }

  /** Captures that wait for a batch of their own. */
  get waiting(): number {
    return this.#waiting.count;
  }

  /** When the one of them that came first was accepted, in milliseconds since 1970. */
  get waitingSinceMs(): number | undefined {
    return this.#waiting.oldest()?.acceptedMs;
  }

  /** Whether a batch from before a restart is left. */
  get hasReplanned(): boolean {
    return this.#replanned.length > 0;
  }

  /** Everything that was accepted and is not delivered. */
  usage(): { readonly captures: number; readonly bytes: number; readonly oldestMs: number | undefined } {
    const planned = [...this.#replanned, ...this.#planned].flatMap(({ entries }) => entries.map(({ acceptedMs }) => acceptedMs));
    const oldest = Math.min(...planned, this.#waiting.oldest()?.acceptedMs ?? Infinity);
    return { captures: this.#byId.size, bytes: this.#options.log.usedBytes, oldestMs: oldest === Infinity ? undefined : oldest };
  }

  /**
   * The next captures to be delivered, noted as one batch. They stay until `delivered` or `giveUp` is called.
   *
   * @returns undefined when none waits
   * @throws system errors when the batch cannot be noted; its captures go on waiting
   */
  nextBatch(): Batch | undefined {
    const again = this.#replanned.shift();
    const entries = again?.entries ?? this.#waiting.batch(this.#options.order, this.#options.batchSize);
    const [first] = entries;
    if (first === undefined) return undefined;
    const batch = again ?? { id: randomBytes(16).toString('hex'), model: first.model, hour: first.hour, entries };
    if (again === undefined) {
      this.#options.journal?.append(planOf(batch));
      for (const entry of entries) this.#waiting.remove(entry);
    }
    this.#planned.add(batch);
    return batch;
  }

  /** @throws FescueError `internal` when it is damaged */
  read(entry: SpoolEntry): StoredCapture {
    return this.#options.log.read(entry.place);
  }

  /** Gives up a capture of a batch that is being delivered: its bytes are put aside, with the reason. */
  giveUp(entry: SpoolEntry, why: 'damaged' | 'rejected', reason: string): void {
    this.#options.log.putAside(entry.place, `capture ${JSON.stringify(entry.id)} of model ${entry.model}: ${reason}`);
    this.#end([entry], 'FAILURE');
    this.#options.onDropped(1, why);
  }

  /**
   * Ends a batch: its captures were delivered, but for those that were given up.
   *
   * @throws FescueError `resource-exhausted` when that cannot be noted; to be called again
   */
  delivered(batch: Batch): void {
    this.#end(batch.entries.filter((entry) => this.#byId.get(entry.id) === entry), 'SUCCESS');
    this.#planned.delete(batch);
  }

  close(): void {
    this.#options.log.close();
    this.#options.journal?.close();
  }

  #replan(events: readonly JournalEvent[], found: Map<number, SpoolEntry>): void {
    for (const event of events) {
      if (event.kind !== 'planned') continue;
      const entries = event.sequences.flatMap((sequence) => found.get(sequence) ?? []);
      const [first] = entries;
      if (first === undefined) continue;
      for (const { sequence } of entries) found.delete(sequence);
      for (const entry of entries) this.#byId.set(entry.id, entry);
      this.#replanned.push({ id: event.batch, model: first.model, hour: first.hour, entries });
    }
    for (const entry of found.values()) this.#byId.set(entry.id, entry);
  }

  /** @returns why there is no room, after giving up others where that is wanted */
  #makeRoom(bytes: number, captures: number, priority: number): FescueError | undefined {
    const { log, budgetBytes, freeFloorBytes, overflow, mostCaptures } = this.#options;
    const fits = (): boolean => log.usedBytes + bytes <= budgetBytes && log.freeBytes() - bytes >= freeFloorBytes && this.#byId.size + captures < mostCaptures;
    if (fits()) return undefined;
    if (overflow === 'refuse' || bytes > budgetBytes) return this.#noRoom(bytes);
    const [by, upTo] = overflow === 'drop-oldest' ? (['age', Infinity] as const) : (['priority', priority] as const);
    const passedOver = new Set<number>();
    for (let victim = this.#waiting.victim(by, upTo, passedOver); victim !== undefined && !fits(); victim = this.#waiting.victim(by, upTo, passedOver)) {
      if (!this.#dropSegment(victim)) passedOver.add(victim.place.segment);
    }
    return fits() ? undefined : this.#noRoom(bytes);
  }

  /** Gives up all captures of a segment, for only a whole one makes room. @returns false when one of them is being delivered */
  #dropSegment(victim: SpoolEntry): boolean {
    const entries: SpoolEntry[] = [];
    for (let entry: SpoolEntry | undefined = victim; entry?.place.segment === victim.place.segment; entry = entry.next) entries.push(entry);
    if (entries.length < this.#options.log.recordsIn(victim.place.segment)) return false;
    try {
      this.#end(entries, 'FAILURE');
    } catch (error) {
      // Without room for a note of it they stay.
      if (error instanceof FescueError) return false;
      throw error;
    }
    for (const entry of entries) this.#waiting.remove(entry);
    this.#options.onDropped(entries.length, 'overflow');
    return true;
  }

  #noRoom(bytes: number): FescueError {
    return noRoomFor(bytes, { ...this.#options, captures: this.#byId.size, usedBytes: this.#options.log.usedBytes, freeBytes: this.#options.log.freeBytes() });
  }

  #store(captures: readonly NewCapture[], priority: number): FescueError | undefined {
    let places: readonly Place[];
    try {
      places = this.#options.log.append(captures, this.#nextSequence);
    } catch (error) {
      // A disk that failed may hold something under these numbers all the same.
      this.#nextSequence += captures.length;
      if (error instanceof FescueError) return error;
      throw error;
    }
    for (const [index, { description, acceptedMs }] of captures.entries()) {
      const place = places[index];
      if (place === undefined) continue;
      const entry = entryOf(description, { sequence: this.#nextSequence, priority, acceptedMs, place });
      this.#nextSequence += 1;
      this.#byId.set(entry.id, entry);
      this.#waiting.add(entry);
    }
    return undefined;
  }

  /** Noted first and released after that: what was released without a note would be unknown. */
  #end(entries: readonly SpoolEntry[], outcome: Outcome): void {
    if (entries.length === 0) return;
    this.#note({ kind: 'ended', outcome, captures: entries.map(({ sequence, id }) => [sequence, id]) });
    for (const entry of entries) {
      this.#byId.delete(entry.id);
      this.#history.add(entry.id, outcome);
      this.#release(entry);
    }
    if (this.#options.journal?.isLong) this.#compact();
  }

  #note(event: JournalEvent): void {
    try {
      this.#options.journal?.append(event);
    } catch (error) {
      throw new FescueError('resource-exhausted', `What became of captures cannot be noted: ${messageOf(error)}. Make room on the disk.`, { cause: error });
    }
  }

  #release(entry: SpoolEntry): void {
    const { segment } = entry.place;
    const ended = this.#endedIn.get(segment);
    if (this.#options.log.release(entry.place)) this.#endedIn.delete(segment);
    else if (ended === undefined) this.#endedIn.set(segment, [entry.sequence]);
    else ended.push(entry.sequence);
  }

  /** Forgets in the journal what the spool has forgotten. */
  #compact(): void {
    // Of captures that ended in a segment that is still there, the number counts; their ids are in the history.
    const nameless = [...this.#endedIn.values()].flat().map((sequence): [number, string] => [sequence, '']);
    this.#options.journal?.replace([
      { kind: 'issued', sequence: this.#nextSequence - 1 },
      { kind: 'ended', outcome: 'SUCCESS', captures: nameless },
      ...this.#history.events(),
      ...[...this.#replanned, ...this.#planned].map(planOf),
    ]);
  }
}

function acceptedBefore(id: string): FescueError {
  return new FescueError('already-exists', `Capture ${JSON.stringify(id)} was accepted before. Give each capture an id of its own.`);
}

function planOf({ id, entries }: Batch): JournalEvent {
  return { kind: 'planned', batch: id, sequences: entries.map(({ sequence }) => sequence) };
}
