import { EachConnection } from './each-connection.ts';
import { FescueError, messageOf } from './errors.ts';
import type { GreengrassIpc, UpdateEvent } from './greengrass-ipc.ts';
import type { IpcLink } from './ipc-link.ts';
import type { Logger } from './log.ts';
import type { UpdateDeferral } from './update-deferral.ts';

export type ComponentUpdatesOptions = {
  readonly link: Pick<IpcLink, 'connection'>;
  readonly deferral: UpdateDeferral;
  readonly log: Logger;
};

/** Answers the nucleus, which asks each component before it updates any. */
export class ComponentUpdates {
  readonly #options: ComponentUpdatesOptions;
  readonly #connections: EachConnection;

  constructor(options: ComponentUpdatesOptions) {
    this.#options = options;
    this.#connections = new EachConnection({ link: options.link, use: async (connection) => this.#listen(connection) });
  }

  start(): void {
    this.#connections.start();
  }

  async stop(): Promise<void> {
    await this.#connections.stop();
  }

  async #listen(connection: GreengrassIpc): Promise<void> {
    try {
      await connection.onComponentUpdate((event) => void this.#onEvent(connection, event));
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      // Nucleus lite knows no such operation. If it was a lost connection, there is another one soon.
      this.#options.log.debug({ reason: messageOf(error) }, 'updates of components are not announced by this nucleus, and cannot be deferred');
    }
  }

  async #onEvent(connection: GreengrassIpc, { kind, deploymentId }: UpdateEvent): Promise<void> {
    const { deferral, log } = this.#options;
    if (kind === 'after') return deferral.forget(deploymentId);
    const recheckAfterMs = deferral.recheckAfterMs(deploymentId);
    const message = recheckAfterMs > 0 ? 'work is under way' : 'ready';
    log.info({ deployment: deploymentId, recheckAfterMs }, recheckAfterMs > 0 ? 'an update is deferred while work is under way' : 'an update may go on');
    await connection.answerUpdate({ deploymentId, recheckAfterMs, message }).catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'the nucleus did not take the answer to its update');
    });
  }
}
