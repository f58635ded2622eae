import { z } from 'zod';
import { EachConnection } from '../../common/each-connection.ts';
import { FescueError, messageOf } from '../../common/errors.ts';
import { refusalOf, type GreengrassIpc } from '../../common/greengrass-ipc.ts';
import type { IpcLink } from '../../common/ipc-link.ts';
import type { Logger } from '../../common/log.ts';
import { pause } from '../../common/pause.ts';

const rejection = z.looseObject({ code: z.int(), message: z.string().default(''), clientToken: z.string().optional() });
/** Why an update of a shadow was not taken, as AWS IoT says it. */
export type Rejection = z.output<typeof rejection>;

export type RejectionOptions = {
  readonly link: Pick<IpcLink, 'connection'>;
  readonly log: Logger;
  /** The topic that updates are published to. */
  readonly updateTopic: string;
  readonly onRejected: (rejection: Rejection) => void;
};

/** After a refusal: nucleus lite subscribes to nothing while it is offline. */
const retryMs = 60_000;

/**
 * Listens for rejected updates of a shadow. Not for accepted ones: they hold all of the update, which is more than nucleus lite
 * can receive.
 */
export class ShadowRejections {
  readonly #options: RejectionOptions;
  readonly #connections: EachConnection;
  readonly #stopped = new AbortController();
  #isDenialTold = false;

  constructor(options: RejectionOptions) {
    this.#options = options;
    this.#connections = new EachConnection({ link: options.link, use: async (connection) => this.#listen(connection) });
  }

  start(): void {
    this.#connections.start();
  }

  stop(): void {
    this.#stopped.abort();
    void this.#connections.stop();
  }

  async #listen(connection: GreengrassIpc): Promise<void> {
    const lost = connection.lost.then(() => true);
    while (!this.#stopped.signal.aborted) {
      const isOver = await this.#subscribe(connection);
      if (isOver || (await Promise.race([lost, pause(retryMs, this.#stopped.signal)])) === true) return;
    }
  }

  /** @returns whether there is nothing more to be done with this connection */
  async #subscribe(connection: GreengrassIpc): Promise<boolean> {
    const { updateTopic, log } = this.#options;
    try {
      await connection.onIotCoreMessage(`${updateTopic}/rejected`, (payload) => this.#onMessage(payload));
      return true;
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      const isDenied = refusalOf(error) === 'UnauthorizedError';
      const level = isDenied && !this.#isDenialTold ? 'info' : 'debug';
      this.#isDenialTold ||= isDenied;
      log[level]({ reason: messageOf(error) }, 'updates of the shadow that are rejected cannot be noticed');
      return isDenied;
    }
  }

  #onMessage(payload: Uint8Array): void {
    try {
      this.#options.onRejected(rejection.parse(JSON.parse(Buffer.from(payload).toString())));
    } catch (error) {
      this.#options.log.debug({ reason: messageOf(error) }, 'a message on the topic of rejected updates is none');
    }
  }
}
