/** Buckets are this much wider one after the other, so a quantile is exact within half of that. */
const growth = 1.02;
/** What is smaller counts as 0. */
const smallest = 1e-12;

/** What there is to say of many numbers without keeping them: mean, and quantiles of their magnitudes within 1 %. */
export class Spread {
  #count = 0;
  #mean = 0;
  #largest = 0;
  readonly #buckets = new Map<number, number>();

  /** A number that is not finite is left out. */
  add(value: number): void {
    if (!Number.isFinite(value)) return;
    const magnitude = Math.abs(value);
    this.#count += 1;
    // Not of their difference, which can be too large for a number.
    this.#mean += value / this.#count - this.#mean / this.#count;
    this.#largest = Math.max(this.#largest, magnitude);
    const bucket = magnitude < smallest ? -Infinity : Math.round(Math.log(magnitude) / Math.log(growth));
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
  }

  get count(): number {
    return this.#count;
  }

  /** With their signs; 0 without numbers, as the others. */
  get mean(): number {
    return this.#mean;
  }

  get largest(): number {
    return this.#largest;
  }

  /** The magnitude below which a share of the numbers lies. */
  quantile(share: number): number {
    let left = Math.min(this.#count - 1, Math.floor(share * this.#count));
    for (const [bucket, count] of [...this.#buckets].toSorted(([a], [b]) => a - b)) {
      left -= count;
      if (left < 0) return Math.min(this.#largest, growth ** bucket);
    }
    return 0;
  }
}
