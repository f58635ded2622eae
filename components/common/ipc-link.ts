import { FescueError, messageOf } from './errors.ts';
import type { GreengrassIpc } from './greengrass-ipc.ts';
import type { Logger } from './log.ts';

export type LinkOptions = {
  readonly connect: () => Promise<GreengrassIpc>;
  readonly log: Logger;
  /** A connection that is already there. */
  readonly first?: GreengrassIpc;
};

/** The connection to the nucleus, made when somebody asks for it, and anew when it was lost. */
export class IpcLink {
  readonly #connect: () => Promise<GreengrassIpc>;
  readonly #log: Logger;
  /** Also while it is being made. */
  #current: Promise<GreengrassIpc> | undefined;
  #connected: GreengrassIpc | undefined;
  #wasConnected = false;
  /** Whether the log knows that there is none. */
  #absenceTold = false;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#connect = options.connect;
    this.#log = options.log;
    if (options.first !== undefined) this.#use(options.first, Promise.resolve(options.first));
  }

  /** Whether there was a connection and is none now. */
  get isLost(): boolean {
    return this.#wasConnected && this.#connected === undefined;
  }

  /** @throws FescueError `unavailable` when the nucleus does not answer, or the link was closed */
  async connection(): Promise<GreengrassIpc> {
    if (this.#closed) throw new FescueError('unavailable', 'The connection to the Greengrass nucleus was closed.');
    return this.#current ?? this.#connectNow();
  }

  /** One that is being made is closed when it is there, and not waited for. */
  async close(): Promise<void> {
    this.#closed = true;
    const [connected, connecting] = [this.#connected, this.#current];
    this.#current = undefined;
    this.#connected = undefined;
    if (connected !== undefined) return connected.close();
    // One that cannot be made needs no closing.
    connecting?.then(async (connection) => connection.close(), () => undefined);
  }

  #connectNow(): Promise<GreengrassIpc> {
    const connecting = this.#connect();
    this.#current = connecting;
    connecting.then(
      (connection) => {
        if (this.#current !== connecting) return;
        this.#log.info(`connected to the Greengrass nucleus${this.#wasConnected ? ' again' : ''}`);
        this.#use(connection, connecting);
      },
      (error: unknown) => {
        if (this.#current !== connecting) return;
        this.#current = undefined;
        if (!this.#absenceTold) this.#log.warn({ reason: messageOf(error) }, 'the Greengrass nucleus does not answer; trying again');
        this.#absenceTold = true;
      },
    );
    return connecting;
  }

  #use(connection: GreengrassIpc, current: Promise<GreengrassIpc>): void {
    this.#current = current;
    this.#connected = connection;
    this.#wasConnected = true;
    this.#absenceTold = false;
    void connection.lost.then((reason) => {
      if (this.#current !== current) return;
      this.#current = undefined;
      this.#connected = undefined;
      this.#absenceTold = true;
      this.#log.warn({ reason }, 'the connection to the Greengrass nucleus was lost; connecting again');
    });
  }
}
