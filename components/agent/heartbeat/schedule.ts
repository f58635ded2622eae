import type { Clock } from '../capture/clock.ts';

export type ScheduleOptions = {
  readonly clock: Clock;
  readonly periodMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** One at a time; must not reject. */
  readonly beat: () => Promise<void>;
};

/** A fleet that gets its power back at once does not report at once. */
const first = { leastMs: 500, spreadMs: 2_500 };
/** What changes together is reported together. */
const settleMs = 500;
/** Changes are reported no more often than that. */
const leastBetweenMs = 5_000;
const jitter = 0.1;

/** When to report: soon after the start, then in every period give or take a tenth, and shortly after a change. */
export class Schedule {
  readonly #options: ScheduleOptions;
  #periodMs: number;
  readonly #stopped = new AbortController();
  /** Ends the present sleep, for the time to sleep may have become shorter. */
  #woken = new AbortController();
  #dueAt = Infinity;
  #lastAt = -Infinity;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#periodMs = options.periodMs;
  }

  start(): void {
    this.#dueAt = this.#now + first.leastMs + this.#options.random() * first.spreadMs;
    this.#running = this.#run();
  }

  /** Something is worth a report before its time. */
  changed(): void {
    this.#moveTo(Math.min(this.#dueAt, Math.max(this.#now + settleMs, this.#lastAt + leastBetweenMs)));
  }

  setPeriod(periodMs: number): void {
    this.#periodMs = periodMs;
    // Before the first report, that is what is due.
    if (this.#lastAt > -Infinity) this.#moveTo(this.#lastAt + this.#jittered());
  }

  /** No report is begun any more. Resolves when the one under way is done. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#woken.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, beat } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      this.#woken = new AbortController();
      await clock.sleep(Math.max(0, this.#dueAt - this.#now), this.#woken.signal);
      if (signal.aborted || this.#now < this.#dueAt) continue;
      this.#lastAt = this.#now;
      this.#dueAt = this.#lastAt + this.#jittered();
      await beat();
    }
  }

  #moveTo(dueAt: number): void {
    if (this.#stopped.signal.aborted || dueAt === this.#dueAt) return;
    this.#dueAt = dueAt;
    this.#woken.abort();
  }

  get #now(): number {
    return this.#options.clock.steady();
  }

  #jittered(): number {
    return this.#periodMs * (1 - jitter + 2 * jitter * this.#options.random());
  }
}
