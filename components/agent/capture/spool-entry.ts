import { hourOf } from '../../common/capture-format.ts';
import type { CaptureDescription } from './capture-record.ts';
import type { Place } from './record-log.ts';

/** A capture in the spool, as far as it is kept in memory: what decides when and with which others it is delivered. */
export type SpoolEntry = {
  readonly sequence: number;
  readonly id: string;
  readonly model: string;
  /** The UTC hour it belongs to. */
  readonly hour: number;
  readonly priority: number;
  readonly acceptedMs: number;
  readonly place: Place;
  /** Neighbours in the list it waits in. */
  previous: SpoolEntry | undefined;
  next: SpoolEntry | undefined;
};

/** The entry of a capture, in no list yet. */
export function entryOf({ id, model, atMs }: CaptureDescription, known: { sequence: number; priority: number; acceptedMs: number; place: Place }): SpoolEntry {
  const { sequence, priority, acceptedMs, place } = known;
  return { sequence, id, model, hour: hourOf(atMs), priority, acceptedMs, place, previous: undefined, next: undefined };
}

/** Entries that wait, in the order they came. Adding and taking one out takes the same time however many there are. */
export class EntryList {
  #first: SpoolEntry | undefined;
  #last: SpoolEntry | undefined;

  get first(): SpoolEntry | undefined {
    return this.#first;
  }

  get last(): SpoolEntry | undefined {
    return this.#last;
  }

  add(entry: SpoolEntry): void {
    entry.previous = this.#last;
    entry.next = undefined;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
  }

  remove(entry: SpoolEntry): void {
    if (entry.previous === undefined) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    entry.previous = undefined;
    entry.next = undefined;
  }
}
