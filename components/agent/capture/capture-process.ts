import { FescueError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { resourcePath } from '../../common/resources.ts';
import { Arena } from '../arena.ts';
import { childEnvironment, ChildLink } from '../child-link.ts';
import { frameKinds } from '../frame.ts';
import { decodeJson, encodeJson } from '../worker-messages.ts';
import type { CaptureConfig, CaptureTuning } from './capture-config.ts';
import type { CaptureFigures, OpenOrder } from './capture-messages.ts';

const programPath = resourcePath('capture.cjs', '../agent/capture/capture-main.ts');
/** What reaches S3: where credentials come from, and whom to trust. */
const environmentNames = ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'];

const stopGraceMs = 7_000;
/** An agent that was killed a moment ago may not have all of its processes gone yet. */
const firstLockPatienceMs = 5_000;
/** Between two starts. Somebody who asks for the process waits less than the agent does by itself. */
const pauses = { first: 500, longestAsked: 2_000, longest: 30_000 };
/** A process that lived this long was healthy: the next crash starts at the shortest pause again. */
const healthyAfterMs = 60_000;

export type Connection = { readonly link: ChildLink; readonly arena: Arena };

/**
 * The capture process, supervised: it is started when somebody asks for it, and again when it has ended or could not be
 * opened: at once after a first crash, and then after pauses of up to 30 seconds.
 */
export class CaptureProcess {
  readonly #log: Logger;
  #config: CaptureConfig;
  #connection: Promise<Connection> | undefined;
  #link: ChildLink | undefined;
  /** Since when it takes captures. */
  #openSince: number | undefined;
  /** Why there is none, and from when on it may be started again. */
  #absence: { readonly error: unknown; readonly until: number } | undefined;
  /** In a row, without a process that lived long. */
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #figures: CaptureFigures | undefined;

  constructor(options: { config: CaptureConfig; log: Logger }) {
    this.#config = options.config;
    this.#log = options.log;
  }

  /** What the process told last; undefined while there is none. */
  get figures(): CaptureFigures | undefined {
    return this.#figures;
  }

  /** Whether there is one, or one is being started. */
  get exists(): boolean {
    return this.#connection !== undefined;
  }

  /** Starts the process when there is none. @throws FescueError why it takes nothing: as it answered, or `unavailable` */
  connected(): Promise<Connection> {
    if (this.#stopped) return Promise.reject(stopping());
    if (this.#connection !== undefined) return this.#connection;
    // Not a process for every call that comes while there is nothing to be done.
    if (this.#absence !== undefined && performance.now() < this.#absence.until) return Promise.reject(this.#absence.error);
    const connection = this.#connect();
    this.#connection = connection;
    connection.catch((error: unknown) => this.#onGone(error));
    return connection;
  }

  /** Starts the process without anybody who waits for it. */
  start(): void {
    // Why there is none is logged where that is noticed.
    this.connected().catch(() => undefined);
  }

  /** Tells the process of a change, and each that is started after it. */
  tune(tuning: CaptureTuning): void {
    this.#config = { ...this.#config, ...tuning };
    // One that cannot be opened hears of it when it is started again.
    this.#connection?.then(({ link }) => link.note(frameKinds.tuneCaptures, [encodeJson(tuning)]), () => undefined);
  }

  /** Ends the process. What waits in memory is delivered if that is possible at once; what is on the disk stays there. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#link?.stop(stopGraceMs);
  }

  async #connect(): Promise<Connection> {
    const arena = new Arena(() => 0);
    const link = new ChildLink({
      subject: 'The capture process',
      advice: 'It is started again. Send the call again, a capture with the same capture_id: ALREADY_EXISTS then means that it is safe.',
      program: programPath,
      // What it allocates is short-lived; with V8's default of 16 MB for that, a hundred thousand captures cost twice the memory.
      nodeFlags: ['--max-semi-space-size=2'],
      environment: childEnvironment(...environmentNames),
      onExit: (reason) => this.#onExit(arena, reason),
      onNote: ({ payload }) => (this.#figures = decodeJson<CaptureFigures>(payload)),
    });
    this.#link = link;
    const order: OpenOrder = { config: this.#config, lockPatienceMs: this.#failures === 0 ? firstLockPatienceMs : 0 };
    try {
      await link.call(frameKinds.openCaptures, [encodeJson(order)]);
    } catch (error) {
      await link.stop();
      throw error;
    }
    this.#openSince = performance.now();
    this.#absence = undefined;
    this.#log.info({ capturePid: link.pid, spool: this.#config.spoolFolder }, 'capture process started');
    return { link, arena };
  }

  #onExit(arena: Arena, reason: string): void {
    arena.close();
    if (this.#openSince !== undefined) this.#onGone(new FescueError('unavailable', `The capture process is gone: ${reason}. It is started again after a pause; send the call again then.`));
  }

  #onGone(error: unknown): void {
    const now = performance.now();
    const livedMs = this.#openSince === undefined ? undefined : now - this.#openSince;
    this.#connection = undefined;
    this.#openSince = undefined;
    this.#figures = undefined;
    if (this.#stopped) return;
    this.#failures = (livedMs ?? 0) > healthyAfterMs ? 1 : this.#failures + 1;
    const isFirstCrash = livedMs !== undefined && this.#failures === 1;
    const pauseMs = isFirstCrash ? 0 : Math.min(pauses.first * 2 ** (this.#failures - 1), pauses.longest);
    this.#absence = { error, until: now + Math.min(pauseMs, pauses.longestAsked) };
    this.#log.warn({ reason: messageOf(error), pauseMs }, 'there is no capture process; starting one after a pause');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#startAgain(), pauseMs);
  }

  #startAgain(): void {
    // Timers and clocks differ by a millisecond.
    this.#absence = undefined;
    this.start();
  }
}

export function stopping(): FescueError {
  return new FescueError('unavailable', 'CaptureData: the agent is stopping.');
}
