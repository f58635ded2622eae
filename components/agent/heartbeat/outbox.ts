import type { DeviceReport } from '../../common/device-report.ts';
import { FescueError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Clock } from '../capture/clock.ts';
import type { Backlog } from './backlog.ts';
import type { HeartbeatChannel } from './channel.ts';

export type OutboxOptions = {
  readonly channel: Pick<HeartbeatChannel, 'send'>;
  readonly backlog: Backlog;
  readonly clock: Clock;
  readonly log: Logger;
};

/** From one report of the backlog to the next: what was kept for days does not come all at once. */
const pauseMs = 200;
/** After a failure: twice as long after each further one. */
const backoff = { unavailable: { firstMs: 1_000, longestMs: 60_000 }, refused: { firstMs: 60_000, longestMs: 900_000 } };

/** Hands reports over, in order. Those that cannot be now are kept and handed over later. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #stopped = new AbortController();
  #draining: Promise<void> | undefined;
  /** In a row. */
  #failures = 0;
  /** Whether the last one takes a person to cure. */
  #isRefused = false;
  /** What the log knows already. */
  #told = new Set<string>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Resolves when the report is handed over, or kept. One that is under way when the outbox stops is not kept. */
  async offer(report: DeviceReport): Promise<void> {
    const { backlog } = this.#options;
    if (backlog.size === 0 && this.#draining === undefined) {
      const failure = await this.#try(report, true);
      if (failure === undefined) return;
    }
    // The last report was kept meanwhile, and tells all that this one would.
    if (this.#stopped.signal.aborted) return;
    await backlog.add(report);
    this.#draining ??= this.#drain();
  }

  /** Nothing is begun any more; what waits is on the disk then. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#options.backlog.flush();
  }

  async #drain(): Promise<void> {
    const { backlog, clock } = this.#options;
    const { signal } = this.#stopped;
    if (this.#failures > 0) await clock.sleep(this.#backoffMs, signal);
    for (let { oldest } = backlog; oldest !== undefined && !signal.aborted; { oldest } = backlog) {
      const isDone = (await this.#try(JSON.parse(oldest.line) as DeviceReport, backlog.size === 1)) === undefined;
      if (isDone) await backlog.remove(oldest);
      await clock.sleep(isDone ? pauseMs : this.#backoffMs, signal);
    }
    this.#draining = undefined;
  }

  /** @returns why it has to be tried again; undefined when it is handed over, or nobody will ever take it */
  async #try(report: DeviceReport, isLatest: boolean): Promise<FescueError | undefined> {
    try {
      await this.#options.channel.send(report, { isLatest });
      this.#succeeded();
      return undefined;
    } catch (error) {
      // A mistake of ours is not worth the agent.
      return this.#failed(error instanceof FescueError ? error : new FescueError('internal', messageOf(error), { cause: error }));
    }
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#options.log.info('heartbeats are taken again');
    this.#failures = 0;
    this.#told.clear();
  }

  #failed(error: FescueError): FescueError | undefined {
    const isLost = error.kind === 'invalid-argument' || error.kind === 'internal';
    if (!isLost) this.#failures += 1;
    if (!this.#told.has(error.kind)) this.#options.log.warn({ reason: messageOf(error) }, isLost ? 'a heartbeat cannot be sent and is given up' : 'heartbeats cannot be sent; they are kept and sent later');
    this.#told.add(error.kind);
    this.#isRefused = error.kind === 'failed-precondition';
    return isLost ? undefined : error;
  }

  get #backoffMs(): number {
    const { firstMs, longestMs } = this.#isRefused ? backoff.refused : backoff.unavailable;
    return Math.min(firstMs * 2 ** Math.max(0, this.#failures - 1), longestMs);
  }
}
