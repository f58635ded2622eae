import type { IpcLink } from './ipc-link.ts';
import type { Logger } from './log.ts';

export type LossOptions = {
  readonly link: Pick<IpcLink, 'isLost'>;
  /** How long a connection that was lost may take to come back, in milliseconds. */
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
  readonly #final = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;
  /** Counted rather than timed: in a process that was halted, nobody has tried to connect. */
  #looksInVain = 0;

  constructor(options: LossOptions) {
    this.#options = options;
  }

  /** Resolves when the connection is given up, for the process to end and be started again. */
  get final(): Promise<void> {
    return this.#final.promise;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), this.#options.patienceMs / looksPerPatience).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { link, patienceMs, isBusy, log } = this.#options;
    this.#looksInVain = link.isLost ? this.#looksInVain + 1 : 0;
    if (this.#looksInVain < looksPerPatience || isBusy()) return;
    this.stop();
    log.error({ seconds: patienceMs / 1000 }, 'the connection to the Greengrass nucleus was lost and could not be made again; ending, for a new start with a new token');
    this.#final.resolve();
  }
}
