/** The middle of the first bucket is about a twentieth of a millisecond, that of the last about three minutes. */
const lowestMs = 0.05;
const growth = 1.15;
const buckets = 108;
const perLog = 1 / Math.log(growth);

/** A generation ends after so many observations, or at the first reading after so long. */
const mostPerGeneration = 4_096;
const longestGenerationMs = 600_000;

/**
 * Quantiles of the latest durations, of the generation that is being filled and the one before: the last 10 to 20 minutes, or
 * the last 4,096 to 8,192 observations. They are right to 7.5 %. Observing one takes a logarithm and allocates nothing.
 */
export class LatencySketch {
  #current = new Uint16Array(buckets);
  #previous = new Uint16Array(buckets);
  #count = 0;
  #since: number;

  /** @param nowMs milliseconds of a clock that only grows */
  constructor(nowMs: number) {
    this.#since = nowMs;
  }

  observe(ms: number): void {
    const bucket = ms <= lowestMs ? 0 : Math.min(buckets - 1, Math.floor(Math.log(ms / lowestMs) * perLog));
    this.#current[bucket] = (this.#current[bucket] ?? 0) + 1;
    this.#count += 1;
    if (this.#count === mostPerGeneration) this.#turn();
  }

  /** @returns for each of the fractions its quantile in milliseconds; undefined without any observation lately */
  quantiles(fractions: readonly number[], nowMs: number): number[] | undefined {
    const counts = this.#current.map((count, bucket) => count + (this.#previous[bucket] ?? 0));
    if (nowMs - this.#since >= longestGenerationMs) {
      this.#turn();
      this.#since = nowMs;
    }
    const total = counts.reduce((sum, count) => sum + count, 0);
    return total === 0 ? undefined : fractions.map((fraction) => middleOf(bucketAt(counts, fraction * total)));
  }

  #turn(): void {
    [this.#current, this.#previous] = [this.#previous, this.#current];
    this.#current.fill(0);
    this.#count = 0;
  }
}

/** The bucket of the observation with that rank. */
function bucketAt(counts: Uint16Array, rank: number): number {
  let below = 0;
  const found = counts.findIndex((count) => {
    below += count;
    return below >= rank && below > 0;
  });
  return found < 0 ? buckets - 1 : found;
}

function middleOf(bucket: number): number {
  return Number((lowestMs * growth ** (bucket + 0.5)).toPrecision(3));
}
