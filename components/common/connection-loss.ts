import type { IpcLink } from './ipc-link.ts';
import type { Logger } from './log.ts';
import { pause } from './pause.ts';

export type LossOptions = {
  readonly link: Pick<IpcLink, 'isLost'>;
  /** Whether there is a nucleus that takes connections, be it to close them. Without one, a new start would come to nothing. */
  readonly isServed: () => Promise<boolean>;
  /** How long it may take to let this process in again, in milliseconds. */
  readonly patienceMs: number;
  /** Whether something runs that a new start would interrupt; that is waited for, however long it takes. */
  readonly isBusy: () => boolean;
  readonly log: Logger;
};

const looksPerPatience = 12;

/**
 * Notices that the connection to the nucleus was lost for good. Nucleus lite forgets the tokens of its components when its
 * IPC daemon is restarted, and lets none of them in again before it has started them anew. A connection that never was is
 * not missed.
 */
export class ConnectionLoss {
  readonly #options: LossOptions;
  readonly #stopped = new AbortController();
  readonly #final = Promise.withResolvers<void>();

  constructor(options: LossOptions) {
    this.#options = options;
  }

  /** Resolves when the connection is given up, for the process to end and be started again. */
  get final(): Promise<void> {
    return this.#final.promise;
  }

  start(): void {
    void this.#watch();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #watch(): Promise<void> {
    const { link, isServed, patienceMs, isBusy, log } = this.#options;
    const { signal } = this.#stopped;
    // Counted rather than timed: while a process is halted, it does not try to connect.
    for (let inVain = 0; inVain < looksPerPatience || isBusy(); ) {
      await pause(patienceMs / looksPerPatience, signal);
      inVain = link.isLost && (await isServed()) ? inVain + 1 : 0;
      if (signal.aborted) return;
    }
    log.error({ seconds: patienceMs / 1000 }, 'the connection to the Greengrass nucleus was lost and could not be made again; ending, for a new start with a new token');
    this.#final.resolve();
  }
}
