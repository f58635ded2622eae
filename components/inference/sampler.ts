import type { InferenceSettings } from './configuration.ts';
import type { ClassScore } from './postprocess.ts';

/** Which images are captured. A policy that is off has its default: 0, empty or false. */
export type Policies = Pick<InferenceSettings, 'CaptureEveryNth' | 'CaptureRandomShare' | 'CaptureScoreBelow' | 'CaptureLabels' | 'CaptureOnTopChange' | 'CaptureMaxPerMinute'>;

export type SamplerOptions = {
  /** Milliseconds, of any clock; by default of one that nobody can set. */
  readonly now?: () => number;
  /** From 0 to below 1. */
  readonly random?: () => number;
};

const minuteMs = 60_000;

/** Picks the images to capture. What it remembers belongs to the policies that are on; one that is turned on starts afresh. */
export class Sampler {
  readonly #random: () => number;
  readonly #limit: MinuteLimit;
  /** Images since the last one that was an n-th. */
  #since = 0;
  /** The best label of the image before; undefined when there was none. */
  #before: { readonly label: string | undefined } | undefined;

  constructor({ now = () => performance.now(), random = Math.random }: SamplerOptions = {}) {
    this.#random = random;
    this.#limit = new MinuteLimit(now);
  }

  /**
   * Whether to capture an image; to be asked once for each, in their order.
   *
   * @param top its best class; undefined when no class has a score that is a number, which counts as a score below any
   * @param policies those in force now
   */
  picks(top: ClassScore | undefined, policies: Policies): boolean {
    const matches = [
      this.#isNth(policies.CaptureEveryNth),
      policies.CaptureRandomShare > 0 && this.#random() < policies.CaptureRandomShare,
      policies.CaptureScoreBelow > 0 && !(top !== undefined && top.score >= policies.CaptureScoreBelow),
      policies.CaptureLabels !== '' && top !== undefined && isListed(top.label, policies.CaptureLabels),
      this.#isChange(top?.label, policies.CaptureOnTopChange),
    ];
    return matches.includes(true) && this.#limit.take(policies.CaptureMaxPerMinute);
  }

  #isNth(n: number): boolean {
    this.#since = n === 0 ? 0 : this.#since + 1;
    if (n === 0 || this.#since < n) return false;
    this.#since = 0;
    return true;
  }

  #isChange(label: string | undefined, on: boolean): boolean {
    const before = this.#before;
    this.#before = on ? { label } : undefined;
    return on && before !== undefined && before.label !== label;
  }
}

/** A label that holds a comma itself is found too: its parts follow each other in the list. */
function isListed(label: string, list: string): boolean {
  return normalised(list).includes(normalised(label));
}

function normalised(list: string): string {
  return `,${list.split(',').map((one) => one.trim().toLowerCase()).join(',')},`;
}

/** At most so many within any 60 seconds. A clock that is set back stands still until it goes on; it neither blocks nor frees. */
class MinuteLimit {
  readonly #now: () => number;
  #seen: number | undefined;
  #elapsed = 0;
  #taken: number[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param most 0 for no limit */
  take(most: number): boolean {
    const at = this.#advance();
    this.#taken = most === 0 ? [] : this.#taken.filter((one) => at - one < minuteMs);
    if (most === 0) return true;
    if (this.#taken.length >= most) return false;
    this.#taken.push(at);
    return true;
  }

  /** Milliseconds the clock has gone forward so far. */
  #advance(): number {
    const now = this.#now();
    this.#elapsed += Math.max(0, now - (this.#seen ?? now));
    this.#seen = now;
    return this.#elapsed;
  }
}
