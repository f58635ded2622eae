import { Readable } from 'node:stream';
import type { Clock } from './clock.ts';

const mostChunkBytes = 16 * 1024;
/** Small enough that no connection is silent for long, however slow the rate is and however many share it. */
const chunksPerSecond = 8;
/** Timers are no finer; what is not slept now is slept later. */
const shortestSleepMs = 1;

/** Lets bytes through at a rate that all who send share. */
export class Pacer {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  readonly #chunkBytes: number;
  /** From when on the rate allows more, on the steady clock. */
  #freeFrom = 0;

  constructor(options: { readonly bytesPerSecond: number; readonly clock: Clock }) {
    this.#bytesPerSecond = options.bytesPerSecond;
    this.#clock = options.clock;
    this.#chunkBytes = Math.max(1, Math.min(mostChunkBytes, Math.floor(options.bytesPerSecond / chunksPerSecond)));
  }

  /** The body as a stream that keeps to the rate. */
  paced(body: Uint8Array, signal: AbortSignal): Readable {
    return Readable.from(this.#chunks(body, signal), { objectMode: false, highWaterMark: this.#chunkBytes });
  }

  /** Waits before each chunk and not behind it: an object of one chunk is over with it. */
  async *#chunks(body: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < body.length; start += this.#chunkBytes) {
      const chunk = body.subarray(start, start + this.#chunkBytes);
      const now = this.#clock.steady();
      const turn = Math.max(this.#freeFrom, now);
      this.#freeFrom = turn + (chunk.length * 1000) / this.#bytesPerSecond;
      if (turn - now >= shortestSleepMs) await this.#clock.sleep(turn - now, signal);
      yield chunk;
    }
  }
}
