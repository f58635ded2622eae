import { Readable } from 'node:stream';
import type { Clock } from './clock.ts';

const mostChunkBytes = 16 * 1024;
/** Small enough that no connection is silent for long, however slow the rate is and however many share it. */
const chunksPerSecond = 8;
/** Timers are no finer; what is not slept now is slept later. */
const shortestSleepMs = 1;

/** Lets bytes through at a rate that all who send share. */
export class Pacer {
  readonly #clock: Clock;
  #bytesPerSecond: number;
  /** From when on the rate allows more, on the steady clock. */
  #freeFrom = 0;

  /** @param options.bytesPerSecond Infinity for no limit */
  constructor(options: { readonly bytesPerSecond: number; readonly clock: Clock }) {
    this.#bytesPerSecond = options.bytesPerSecond;
    this.#clock = options.clock;
  }

  get isLimited(): boolean {
    return this.#bytesPerSecond < Infinity;
  }

  /** Changes the rate, also of bodies that are on their way, from their next chunk on. */
  setRate(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#freeFrom = 0;
  }

  /** The body as a stream that keeps to the rate. */
  paced(body: Uint8Array, signal: AbortSignal): Readable {
    return Readable.from(this.#chunks(body, signal), { objectMode: false, highWaterMark: this.#chunkBytes });
  }

  get #chunkBytes(): number {
    return Math.max(1, Math.min(mostChunkBytes, Math.floor(this.#bytesPerSecond / chunksPerSecond)));
  }

  /** Waits before each chunk and not behind it: an object of one chunk is over with it. */
  async *#chunks(body: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let start = 0, end = 0; start < body.length; start = end) {
      end = Math.min(start + this.#chunkBytes, body.length);
      const chunk = body.subarray(start, end);
      const now = this.#clock.steady();
      const turn = Math.max(this.#freeFrom, now);
      this.#freeFrom = turn + (chunk.length * 1000) / this.#bytesPerSecond;
      if (turn - now >= shortestSleepMs) await this.#clock.sleep(turn - now, signal);
      yield chunk;
    }
  }
}
