/** Buckets are this much wider one after the other, so a quantile is exact within half of that. */
const growth = 1.02;
/** Of magnitudes; what lies outside counts as the nearest. */
const smallest = 1e-6;
const largest = 1e18;
/** Places the buckets of negative numbers below that of 0, and those of positive ones above. */
const offset = Math.round(Math.log(smallest) / Math.log(growth)) - 1;

/**
 * What there is to say of many numbers without keeping them: least, greatest, mean, quantiles within 1 %, and how many lie
 * between given edges. It takes the same memory for ten numbers and for ten million.
 */
export class Distribution {
  readonly #edges: readonly number[];
  readonly #between: number[];
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #mean = 0;
  #min = Infinity;
  #max = -Infinity;

  /** @param edges ascending */
  constructor(edges: readonly number[]) {
    this.#edges = edges;
    this.#between = Array.from({ length: edges.length + 1 }, () => 0);
  }

  /** What is no number, or infinite, is left out. */
  add(value: number | null | undefined): void {
    if (value === null || value === undefined || !Number.isFinite(value)) return;
    this.#count += 1;
    this.#mean += value / this.#count - this.#mean / this.#count;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    const bucket = bucketOf(value);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    const place = this.#edges.findIndex((edge) => value < edge);
    const between = place === -1 ? this.#edges.length : place;
    this.#between[between] = (this.#between[between] ?? 0) + 1;
  }

  get count(): number {
    return this.#count;
  }

  /** NaN without numbers, as the others. */
  get mean(): number {
    return this.#count === 0 ? Number.NaN : this.#mean;
  }

  get min(): number {
    return this.#count === 0 ? Number.NaN : this.#min;
  }

  get max(): number {
    return this.#count === 0 ? Number.NaN : this.#max;
  }

  /** How many are below the first edge, between the first and the second, … and not below the last. */
  get between(): readonly number[] {
    return [...this.#between];
  }

  /** The number below which each of the shares of the numbers lies. */
  quantiles(shares: readonly number[]): number[] {
    const buckets = [...this.#buckets].toSorted(([a], [b]) => a - b);
    return shares.map((share) => this.#quantile(buckets, share));
  }

  #quantile(buckets: readonly (readonly [number, number])[], share: number): number {
    let left = Math.min(this.#count - 1, Math.floor(share * this.#count));
    for (const [bucket, count] of buckets) {
      left -= count;
      if (left < 0) return Math.min(this.#max, Math.max(this.#min, valueOf(bucket)));
    }
    return Number.NaN;
  }
}

/** Buckets are ordered as the numbers in them. */
function bucketOf(value: number): number {
  const magnitude = Math.min(Math.abs(value), largest);
  if (magnitude < smallest) return 0;
  const place = Math.round(Math.log(magnitude) / Math.log(growth)) - offset;
  return value < 0 ? -place : place;
}

function valueOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.sign(bucket) * growth ** (Math.abs(bucket) + offset);
}
