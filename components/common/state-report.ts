import { EachConnection } from './each-connection.ts';
import { FescueError, messageOf } from './errors.ts';
import type { GreengrassIpc } from './greengrass-ipc.ts';
import type { IpcLink } from './ipc-link.ts';
import type { Logger } from './log.ts';
import { within } from './within.ts';

const erroredTimeoutMs = 5_000;

/**
 * Tells the nucleus the state of the component: each once. The classic nucleus counts what it is told; one error that
 * is told and then ends the process counts as one.
 */
export class StateReport {
  readonly #link: Pick<IpcLink, 'connection'>;
  readonly #log: Logger;
  readonly #connections: EachConnection;
  #isRunning = false;
  #told = false;

  constructor(options: { link: Pick<IpcLink, 'connection'>; log: Logger }) {
    this.#link = options.link;
    this.#log = options.log;
    this.#connections = new EachConnection({ link: options.link, use: async (connection) => this.#tellRunning(connection) });
  }

  /** The component does what it is for, and says so as soon as there is a connection. */
  running(): void {
    if (!this.#isRunning) this.#connections.start();
    this.#isRunning = true;
  }

  /**
   * The component can no longer do what it is for, and only a new start will help.
   *
   * @returns whether the nucleus knows
   */
  async errored(): Promise<boolean> {
    // Not that it hears of RUNNING after it.
    this.#told = true;
    const telling = this.#link.connection().then(async (connection) => connection.updateState('ERRORED'));
    const late = (): FescueError => new FescueError('deadline-exceeded', `no answer within ${erroredTimeoutMs / 1000} s`);
    return within(erroredTimeoutMs, telling, late).then(
      () => true,
      (error: unknown) => {
        this.#log.warn({ reason: messageOf(error) }, 'the nucleus could not be told the state ERRORED');
        return false;
      },
    );
  }

  async stop(): Promise<void> {
    await this.#connections.stop();
  }

  async #tellRunning(connection: GreengrassIpc): Promise<void> {
    if (this.#told) return;
    try {
      await connection.updateState('RUNNING');
      this.#log.debug('the nucleus was told the state RUNNING');
    } catch (error) {
      if (!(error instanceof FescueError && error.kind === 'failed-precondition')) throw error;
      this.#log.warn({ reason: messageOf(error) }, 'the nucleus refused the state RUNNING');
    }
    this.#told = true;
  }
}
