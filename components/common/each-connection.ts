import { FescueError } from './errors.ts';
import type { GreengrassIpc } from './greengrass-ipc.ts';
import type { IpcLink } from './ipc-link.ts';
import { pause } from './pause.ts';

export type EachConnectionOptions = {
  readonly link: Pick<IpcLink, 'connection'>;
  /** Done once with each connection; tried again when it rejects with `unavailable`. */
  readonly use: (connection: GreengrassIpc) => Promise<void>;
};

const retryMs = 1_000;

/** Does something with the connection to the nucleus, and again with each that takes the place of one that was lost. */
export class EachConnection {
  readonly #options: EachConnectionOptions;
  readonly #stopped = new AbortController();
  readonly #stopping = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: EachConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** From now on nothing new is begun, and nothing under way is waited for. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#stopping.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await Promise.race([this.#useOne(), this.#stopping.promise]);
      } catch (error) {
        // The nucleus is away; the link says so.
        if (!(error instanceof FescueError && error.kind === 'unavailable')) throw error;
      }
      await pause(retryMs, signal);
    }
  }

  /** Until the connection ends. */
  async #useOne(): Promise<void> {
    const connection = await this.#options.link.connection();
    if (this.#stopped.signal.aborted) return;
    await this.#options.use(connection);
    await connection.lost;
  }
}
