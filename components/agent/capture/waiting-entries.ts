import { EntryList, type SpoolEntry } from './spool-entry.ts';

/** Which captures go first: those that wait longest, or those of the highest priority, the newest of them first. */
export type DeliveryOrder = 'oldest-first' | 'important-first';

/** Neighbours that are looked at for each place in a batch: captures of other models and hours lie in between. */
const lookedAtPerPlace = 20;

/** The captures that wait for delivery, by priority. */
export class WaitingEntries {
  readonly #lists = new Map<number, EntryList>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(entry: SpoolEntry): void {
    let list = this.#lists.get(entry.priority);
    if (list === undefined) {
      list = new EntryList();
      this.#lists.set(entry.priority, list);
    }
    list.add(entry);
    this.#count += 1;
  }

  remove(entry: SpoolEntry): void {
    this.#lists.get(entry.priority)?.remove(entry);
    this.#count -= 1;
  }

  oldest(): SpoolEntry | undefined {
    return this.#heads().reduce<SpoolEntry | undefined>((oldest, entry) => (oldest === undefined || entry.sequence < oldest.sequence ? entry : oldest), undefined);
  }

  /** Entries of one model and hour, at most `most`, in the order they came; without any when none waits. */
  batch(order: DeliveryOrder, most: number): SpoolEntry[] {
    const first = order === 'oldest-first' ? this.oldest() : this.#mostImportant();
    const batch: SpoolEntry[] = [];
    let looked = 0;
    for (let entry = first; entry !== undefined && batch.length < most && looked < most * lookedAtPerPlace; looked += 1) {
      if (entry.model === first?.model && entry.hour === first.hour) batch.push(entry);
      entry = order === 'oldest-first' ? entry.next : entry.previous;
    }
    return batch.toSorted((a, b) => a.sequence - b.sequence);
  }

  /**
   * The entry to be given up first: the oldest, of the lowest priority where that counts.
   *
   * @param upTo the highest priority that may be given up
   * @param passedOver segments whose entries have to stay
   */
  victim(by: 'age' | 'priority', upTo: number, passedOver: ReadonlySet<number>): SpoolEntry | undefined {
    const candidates = [...this.#lists].flatMap(([priority, { first }]) => (priority > upTo ? [] : (firstOutside(first, passedOver) ?? [])));
    return candidates.toSorted((a, b) => (by === 'priority' && a.priority !== b.priority ? a.priority - b.priority : a.sequence - b.sequence))[0];
  }

  #heads(): SpoolEntry[] {
    return [...this.#lists.values()].flatMap(({ first }) => first ?? []);
  }

  #mostImportant(): SpoolEntry | undefined {
    const tails = [...this.#lists.values()].flatMap(({ last }) => last ?? []);
    return tails.reduce<SpoolEntry | undefined>((best, entry) => (best === undefined || entry.priority > best.priority ? entry : best), undefined);
  }
}

function firstOutside(first: SpoolEntry | undefined, segments: ReadonlySet<number>): SpoolEntry | undefined {
  let entry = first;
  while (entry !== undefined && segments.has(entry.place.segment)) entry = entry.next;
  return entry;
}
