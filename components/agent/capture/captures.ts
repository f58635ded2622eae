import { existsSync } from 'node:fs';
import { FescueError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { resourcePath } from '../../common/resources.ts';
import { captureStatuses, type CaptureStatus } from '../../common/wire.ts';
import { Arena, type ArenaNote } from '../arena.ts';
import { childEnvironment, ChildLink } from '../child-link.ts';
import { frameKinds } from '../frame.ts';
import type { MessageParts } from '../message-parts.ts';
import { decodeJson, encodeCount, encodeJson, encodeNote } from '../worker-messages.ts';
import type { CaptureConfig } from './capture-config.ts';
import { encodeInfo, type CaptureFigures } from './capture-messages.ts';
import type { CapturedModel } from './capture-request.ts';

const programPath = resourcePath('capture.cjs', '../agent/capture/capture-main.ts');
/** What reaches S3: where credentials come from, and whom to trust. */
const environmentNames = ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'];

/** As many captures are stored together, of at most so many bytes unless one is larger by itself. */
const groupLimits = { captures: 64, bytes: 16 * 1024 * 1024 };
const stopGraceMs = 7_000;
const pauses = { first: 500, longest: 30_000 };

type Job = { readonly message: MessageParts; readonly info: Buffer; readonly resolve: () => void; readonly reject: (error: unknown) => void };
type Connection = { readonly link: ChildLink; readonly arena: Arena };

/**
 * The agent's end of the capture process. It is started when something was captured before, or with the first capture;
 * when it dies, it is started again. Captures that come while others are being stored are stored together after that.
 */
export class Captures {
  readonly #config: CaptureConfig;
  readonly #log: Logger;
  readonly #queue: Job[] = [];
  #storing = 0;
  #connection: Promise<Connection> | undefined;
  /** Why the process could not be started the last time, and when. */
  #failure: { readonly error: unknown; readonly at: number } | undefined;
  #failures = 0;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #figures: CaptureFigures | undefined;

  constructor(options: { config: CaptureConfig; log: Logger }) {
    this.#config = options.config;
    this.#log = options.log;
  }

  /** What the process told last; undefined while there is none. */
  get figures(): CaptureFigures | undefined {
    return this.#figures;
  }

  /** Goes on with what was captured before. */
  start(): void {
    const { spoolFolder, periodicUploadMs } = this.#config;
    if ((spoolFolder !== undefined && existsSync(spoolFolder)) || periodicUploadMs !== undefined) this.#connectInBackground();
  }

  /**
   * Resolves when a capture is safe.
   *
   * @param message a CaptureDataRequest message
   * @param signal aborts: a capture that waits is dropped, one that is being stored is left to its end
   * @throws FescueError as the capture process answered, `resource-exhausted` when too many wait, `unavailable` when it
   *   is gone and nobody knows whether the capture is safe
   */
  async capture(message: MessageParts, model: CapturedModel, signal: AbortSignal): Promise<void> {
    if (this.#config.destination === 'Cloud' && this.#config.bucket === undefined) {
      throw new FescueError('failed-precondition', 'CaptureData: captured data goes to the cloud, and no bucket is named. Set BucketName, or set CaptureDataDestination to Disk.');
    }
    if (this.#queue.length + this.#storing >= this.#config.bufferSize) {
      throw new FescueError('resource-exhausted', `CaptureData: ${this.#queue.length + this.#storing} captures are on their way already (CaptureDataBufferSize). Send fewer at once, or raise it.`);
    }
    await new Promise<void>((resolve, reject) => {
      const job: Job = { message, info: encodeInfo(model), resolve, reject };
      signal.addEventListener('abort', () => this.#drop(job), { once: true });
      this.#queue.push(job);
      void this.#storeNext();
    });
  }

  /** What became of a capture. */
  async status(id: string): Promise<CaptureStatus> {
    const isIdle = this.#connection === undefined && (this.#config.spoolFolder === undefined || !existsSync(this.#config.spoolFolder));
    if (isIdle) return 'NOT_FOUND';
    const { link } = await this.#connected();
    const [code = captureStatuses.indexOf('NOT_FOUND')] = await link.call(frameKinds.captureStatus, [Buffer.from(id)]);
    return captureStatuses[code] ?? 'NOT_FOUND';
  }

  /** Ends the process. What waits in memory is delivered if that is possible at once; what is on the disk stays there. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const job of this.#queue.splice(0)) job.reject(new FescueError('unavailable', 'CaptureData: the agent is stopping.'));
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.link.stop(stopGraceMs);
  }

  async #storeNext(): Promise<void> {
    if (this.#storing > 0) return;
    const jobs = this.#nextGroup();
    if (jobs.length === 0) return;
    this.#storing = jobs.length;
    try {
      const { link, arena } = await this.#connected();
      const answers = await Promise.allSettled(send(link, arena, jobs));
      for (const [index, job] of jobs.entries()) {
        const answer = answers[index];
        if (answer?.status === 'fulfilled') job.resolve();
        else job.reject(answer?.reason);
      }
    } catch (error) {
      for (const job of jobs) job.reject(error);
    }
    this.#storing = 0;
    void this.#storeNext();
  }

  #nextGroup(): Job[] {
    let [count, bytes] = [0, 0];
    for (const { message } of this.#queue) {
      bytes += message.length;
      if (count > 0 && (bytes > groupLimits.bytes || count === groupLimits.captures)) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  #drop(job: Job): void {
    const position = this.#queue.indexOf(job);
    if (position >= 0) this.#queue.splice(position, 1);
    job.reject(new FescueError('cancelled', 'CaptureData was cancelled or its deadline passed.'));
  }

  #connected(): Promise<Connection> {
    if (this.#stopped) return Promise.reject(new FescueError('unavailable', 'CaptureData: the agent is stopping.'));
    // Not a process for every capture that comes while there is nothing to be done.
    if (this.#failure !== undefined && performance.now() - this.#failure.at < pauses.first) return Promise.reject(this.#failure.error);
    this.#connection ??= this.#connect();
    return this.#connection;
  }

  async #connect(): Promise<Connection> {
    const arena = new Arena(() => 0);
    const link = new ChildLink({
      subject: 'The capture process',
      program: programPath,
      // What it allocates is short-lived; with V8's default of 16 MB for that, a hundred thousand captures cost twice the memory.
      nodeFlags: ['--max-semi-space-size=2'],
      environment: childEnvironment(...environmentNames),
      onExit: (reason) => this.#onExit(arena, reason),
      onNote: ({ payload }) => (this.#figures = decodeJson<CaptureFigures>(payload)),
    });
    try {
      await link.call(frameKinds.openCaptures, [encodeJson(this.#config)]);
    } catch (error) {
      this.#failure = { error, at: performance.now() };
      await link.stop();
      throw error;
    }
    this.#log.info({ capturePid: link.pid, spool: this.#config.spoolFolder }, 'capture process started');
    this.#failure = undefined;
    this.#failures = 0;
    return { link, arena };
  }

  #connectInBackground(): void {
    this.#connected().catch((error: unknown) => this.#log.error({ reason: messageOf(error) }, 'the capture process could not be started'));
  }

  #onExit(arena: Arena, reason: string): void {
    arena.close();
    this.#connection = undefined;
    this.#figures = undefined;
    if (this.#stopped) return;
    this.#failures += 1;
    const pauseMs = Math.min(pauses.first * 2 ** (this.#failures - 1), pauses.longest);
    this.#log.warn({ reason, pauseMs }, 'the capture process ended; starting it again after a pause');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connectInBackground(), pauseMs);
  }
}

/** Small messages take the socket, large ones the memory both have. @returns for each its answer */
function send(link: ChildLink, arena: Arena, jobs: readonly Job[]): Promise<unknown>[] {
  const notes: (ArenaNote | undefined)[] = arena.place(jobs.map(({ message }) => message));
  return link.together(() => {
    if (jobs.length > 1) link.note(frameKinds.batch, [encodeCount(jobs.length)]);
    return jobs.map(({ info, message }, index) => {
      const note = notes[index];
      return note === undefined ? link.call(frameKinds.capture, [info, ...message.parts]) : link.call(frameKinds.captureShared, [info, encodeNote(note)]);
    });
  });
}
