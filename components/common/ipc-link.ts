import { FescueError } from '../common/errors.ts';
import type { GreengrassIpc } from '../common/greengrass-ipc.ts';
import type { Logger } from '../common/log.ts';

/** The connection to the nucleus, made anew when it was lost. */
export class IpcLink {
  readonly #connect: () => Promise<GreengrassIpc>;
  readonly #log: Logger;
  /** Also while it is being made. */
  #current: Promise<GreengrassIpc> | undefined;
  #closed = false;

  /** @param options.first the connection that is already there */
  constructor(options: { first: GreengrassIpc; connect: () => Promise<GreengrassIpc>; log: Logger }) {
    this.#connect = options.connect;
    this.#log = options.log;
    this.#use(options.first, Promise.resolve(options.first));
  }

  /** @throws FescueError `unavailable` when the nucleus does not answer, or the link was closed */
  async connection(): Promise<GreengrassIpc> {
    if (this.#closed) throw new FescueError('unavailable', 'The connection to the Greengrass nucleus was closed.');
    return this.#current ?? this.#connectAgain();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connecting = this.#current;
    this.#current = undefined;
    // One that cannot be made needs no closing.
    await connecting?.then(async (connection) => connection.close(), () => undefined);
  }

  #connectAgain(): Promise<GreengrassIpc> {
    const connecting = this.#connect();
    this.#current = connecting;
    connecting.then(
      (connection) => {
        if (this.#current !== connecting) return;
        this.#use(connection, connecting);
        this.#log.info('connected to the Greengrass nucleus again');
      },
      () => {
        if (this.#current === connecting) this.#current = undefined;
      },
    );
    return connecting;
  }

  #use(connection: GreengrassIpc, current: Promise<GreengrassIpc>): void {
    this.#current = current;
    void connection.lost.then((reason) => {
      if (this.#current !== current) return;
      this.#current = undefined;
      this.#log.warn({ reason }, 'the connection to the Greengrass nucleus was lost; connecting again');
    });
  }
}
