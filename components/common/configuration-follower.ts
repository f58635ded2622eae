import { EachConnection } from './each-connection.ts';
import { FescueError, messageOf } from './errors.ts';
import type { ConfigurationPart, GreengrassIpc } from './greengrass-ipc.ts';
import type { IpcLink } from './ipc-link.ts';
import type { Logger } from './log.ts';

export type FollowerOptions = {
  readonly link: Pick<IpcLink, 'connection'>;
  readonly log: Logger;
  /** What is followed; the component's own configuration without it. */
  readonly part?: ConfigurationPart;
  /** Called when the configuration may have changed, once at a time; must not reject. */
  readonly onUpdate: () => Promise<void>;
};

/** A deployment comes as one event per key; so long after the first, the others are through. */
const settleMs = 200;

/** Listens for changes of a configuration, and again after the connection to the nucleus was lost. */
export class ConfigurationFollower {
  readonly #options: FollowerOptions;
  readonly #connections: EachConnection;
  #stopped = false;
  #updating: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#connections = new EachConnection({ link: options.link, use: async (connection) => this.#listen(connection) });
  }

  start(): void {
    this.#connections.start();
  }

  /** Resolves when no update is under way and none will come. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#connections.stop();
    clearTimeout(this.#timer);
    await this.#updating;
  }

  async #listen(connection: GreengrassIpc): Promise<void> {
    const { part = {}, log } = this.#options;
    try {
      await connection.onConfigurationUpdate(part, () => this.#updateSoon());
      // What changed while nobody listened.
      this.#updateSoon();
    } catch (error) {
      if (!(error instanceof FescueError && error.kind === 'failed-precondition')) throw error;
      // Another component need not be there.
      log[part.component === undefined ? 'warn' : 'info']({ reason: messageOf(error), ...part }, 'changes of the configuration take effect with the next start only');
    }
  }

  #updateSoon(): void {
    if (this.#stopped) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#updating = this.#updating.then(this.#options.onUpdate);
    }, settleMs);
  }
}
