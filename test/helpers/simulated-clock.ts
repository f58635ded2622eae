import type { Clock } from '../../components/agent/capture/clock.ts';

type Sleeper = { readonly wakeAt: number; readonly wake: () => void };

/** A clock that goes on when it is told to, and wakes whoever sleeps in the right order. */
export class SimulatedClock implements Clock {
  #elapsedMs = 0;
  #offsetMs: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(startMs: number) {
    this.#offsetMs = startMs;
  }

  now(): number {
    return this.#offsetMs + this.#elapsedMs;
  }

  steady(): number {
    return this.#elapsedMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    await new Promise<void>((done) => {
      const sleeper: Sleeper = {
        wakeAt: this.#elapsedMs + Math.max(0, ms),
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          done();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  /** Somebody sets the time of day; what is elapsed stays. */
  setBack(ms: number): void {
    this.#offsetMs -= ms;
  }

  /** Lets time pass, and whoever wakes do what it has to do meanwhile. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsedMs + ms;
    await settle();
    for (let next = this.#earliest(); next !== undefined && next.wakeAt <= until; next = this.#earliest()) {
      this.#elapsedMs = Math.max(this.#elapsedMs, next.wakeAt);
      next.wake();
      await settle();
    }
    this.#elapsedMs = until;
  }

  #earliest(): Sleeper | undefined {
    return [...this.#sleepers].reduce<Sleeper | undefined>((first, one) => (first === undefined || one.wakeAt < first.wakeAt ? one : first), undefined);
  }
}

/** Until everything that does not wait for time or the outside has been done. */
async function settle(): Promise<void> {
  await new Promise((done) => setImmediate(done));
}
