/** Different keys that are counted; the rest is counted together. */
const mostKeys = 10_000;

/** One key with how often it was, and what was told the first times. */
export type Count<Key, Example> = { readonly key: Key; readonly count: number; readonly examples: readonly Example[] };

/** Counts by key, with a few examples each. */
export class Counts<Key, Example = never> {
  readonly #mostExamples: number;
  readonly #entries = new Map<string, { key: Key; count: number; examples: Example[] }>();
  #others = 0;

  constructor(mostExamples = 0) {
    this.#mostExamples = mostExamples;
  }

  /** @param example is asked for only if there is room for it */
  add(key: Key, example?: () => Example): void {
    const text = JSON.stringify(key);
    const entry = this.#entries.get(text) ?? { key, count: 0, examples: [] };
    if (entry.count === 0 && this.#entries.size >= mostKeys) {
      this.#others += 1;
      return;
    }
    entry.count += 1;
    if (example !== undefined && entry.examples.length < this.#mostExamples) entry.examples.push(example());
    this.#entries.set(text, entry);
  }

  /** Most frequent first. */
  get entries(): Count<Key, Example>[] {
    return [...this.#entries.values()].toSorted((a, b) => b.count - a.count);
  }

  get total(): number {
    return this.#others + this.entries.reduce((sum, { count }) => sum + count, 0);
  }
}
