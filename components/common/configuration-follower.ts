import { FescueError, messageOf } from '../common/errors.ts';
import type { GreengrassIpc } from '../common/greengrass-ipc.ts';
import type { Logger } from '../common/log.ts';
import type { IpcLink } from './ipc-link.ts';
import { pause } from './pause.ts';

export type FollowerOptions = {
  readonly link: Pick<IpcLink, 'connection'>;
  readonly log: Logger;
  /** Called when the configuration may have changed, once at a time; must not reject. */
  readonly onUpdate: () => Promise<void>;
};

/** A deployment comes as one event per key; so long after the first, the others are through. */
const settleMs = 200;
const retryMs = 1_000;

/** Listens for changes of this component's configuration, and again after the connection to the nucleus was lost. */
export class ConfigurationFollower {
  readonly #options: FollowerOptions;
  readonly #stopped = new AbortController();
  readonly #stopping = Promise.withResolvers<void>();
  #following: Promise<void> = Promise.resolve();
  #updating: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#following = this.#follow();
  }

  /** Resolves when no update is under way and none will come. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#stopping.resolve();
    await this.#following;
    clearTimeout(this.#timer);
    await this.#updating;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.#listen(await this.#options.link.connection());
      } catch (error) {
        // The nucleus is away; the link says so.
        if (!(error instanceof FescueError && error.kind === 'unavailable')) throw error;
      }
      await pause(retryMs, signal);
    }
  }

  /** Until the connection ends. */
  async #listen(connection: GreengrassIpc): Promise<void> {
    try {
      await connection.onConfigurationUpdate(() => this.#updateSoon());
      // What changed while nobody listened.
      this.#updateSoon();
    } catch (error) {
      if (!(error instanceof FescueError && error.kind === 'failed-precondition')) throw error;
      this.#options.log.warn({ reason: messageOf(error) }, 'changes of the configuration take effect with the next start only');
    }
    await Promise.race([connection.lost, this.#stopping.promise]);
  }

  #updateSoon(): void {
    if (this.#stopped.signal.aborted) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#updating = this.#updating.then(this.#options.onUpdate);
    }, settleMs);
  }
}
