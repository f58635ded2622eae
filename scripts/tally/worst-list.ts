/** The heaviest of many items, no more than `most`; of equally heavy ones those that came first. */
export class WorstList<Item> {
  readonly #most: number;
  readonly #entries: { readonly weight: number; readonly item: Item }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether an item of this weight would be kept: what is costly to make need not be made otherwise. */
  admits(weight: number): boolean {
    return this.#entries.length < this.#most || weight > (this.#entries.at(-1)?.weight ?? Infinity);
  }

  add(weight: number, item: Item): void {
    if (!this.admits(weight)) return;
    const place = this.#entries.findIndex((entry) => entry.weight < weight);
    this.#entries.splice(place === -1 ? this.#entries.length : place, 0, { weight, item });
    this.#entries.length = Math.min(this.#entries.length, this.#most);
  }

  /** Heaviest first. */
  get items(): Item[] {
    return this.#entries.map(({ item }) => item);
  }
}
