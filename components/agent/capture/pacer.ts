import { Readable } from 'node:stream';
import type { Clock } from './clock.ts';

/** So much is sent at once; the pause after it is what keeps to the rate. */
const chunkBytes = 16 * 1024;

/** Lets bytes through at a rate that all who send share. */
export class Pacer {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  /** When what was let through so far is due, on the steady clock. */
  #paidUntil = 0;

  constructor(options: { readonly bytesPerSecond: number; readonly clock: Clock }) {
    this.#bytesPerSecond = options.bytesPerSecond;
    this.#clock = options.clock;
  }

  /** The body as a stream that keeps to the rate. */
  paced(body: Uint8Array, signal: AbortSignal): Readable {
    return Readable.from(this.#chunks(body, signal), { objectMode: false, highWaterMark: chunkBytes });
  }

  async *#chunks(body: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < body.length; start += chunkBytes) {
      const chunk = body.subarray(start, start + chunkBytes);
      const now = this.#clock.steady();
      this.#paidUntil = Math.max(this.#paidUntil, now) + (chunk.length * 1000) / this.#bytesPerSecond;
      yield chunk;
      await this.#clock.sleep(this.#paidUntil - now, signal);
    }
  }
}
