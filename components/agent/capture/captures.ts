import { existsSync } from 'node:fs';
import { FescueError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { captureStatuses, type CaptureStatus } from '../../common/wire.ts';
import type { Arena, ArenaNote } from '../arena.ts';
import type { ChildLink } from '../child-link.ts';
import { frameKinds } from '../frame.ts';
import type { MessageParts } from '../message-parts.ts';
import { encodeCount, encodeNote } from '../worker-messages.ts';
import type { CaptureConfig, CaptureTuning } from './capture-config.ts';
import { encodeInfo, type CaptureFigures } from './capture-messages.ts';
import { CaptureProcess, stopping } from './capture-process.ts';
import type { CapturedModel } from './capture-request.ts';

/** As many captures are stored together, of at most so many bytes unless one is larger by itself. */
const groupLimits = { captures: 64, bytes: 16 * 1024 * 1024 };

/** Room for captures on their way, in messages of the largest size. */
const messagesInMemory = 2;

type Job = { readonly message: MessageParts; readonly info: Buffer; readonly resolve: () => void; readonly reject: (error: unknown) => void };

/** The captures on their way to the capture process. Those that come while others are being stored are stored together after that. */
export class Captures {
  readonly #config: CaptureConfig;
  readonly #process: CaptureProcess;
  readonly #queue: Job[] = [];
  #storing = 0;
  /** Of all messages that wait or are being stored. */
  #bytes = 0;

  constructor(options: { config: CaptureConfig; log: Logger }) {
    this.#config = options.config;
    this.#process = new CaptureProcess(options);
  }

  /** What the process told last; undefined while there is none. */
  get figures(): CaptureFigures | undefined {
    return this.#process.figures;
  }

  /** Goes on with what was captured before, and is ready for more where somebody has said where to. */
  start(): void {
    const { spoolFolder } = this.#config;
    if (this.#hasDestination || (spoolFolder !== undefined && existsSync(spoolFolder))) this.#process.start();
  }

  /** Follows a change of the configuration. */
  tune(tuning: CaptureTuning): void {
    this.#process.tune(tuning);
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
    this.#checkRoom(message);
    this.#bytes += message.length;
    await this.#enqueue(message, model, signal).finally(() => (this.#bytes -= message.length));
  }

  /** @throws FescueError `failed-precondition` or `resource-exhausted` when the capture cannot even be handed over */
  #checkRoom(message: MessageParts): void {
    if (!this.#hasDestination) {
      throw new FescueError('failed-precondition', 'CaptureData: captured data goes to the cloud, and no bucket is named. Set BucketName, or set CaptureDataDestination to Disk.');
    }
    if (this.#queue.length + this.#storing >= this.#config.bufferSize) {
      throw new FescueError('resource-exhausted', `CaptureData: ${this.#queue.length + this.#storing} captures are on their way already (CaptureDataBufferSize). Send fewer at once, or raise it.`);
    }
    const mostBytes = messagesInMemory * this.#config.mostBytes;
    if (this.#bytes + message.length > mostBytes) {
      throw new FescueError('resource-exhausted', `CaptureData: captures of ${this.#bytes} bytes are on their way already, and with this one they were more than ${mostBytes} (${messagesInMemory} times MaxMessageMegabytes). Send fewer at once, or large tensors in shared memory.`);
    }
  }

  async #enqueue(message: MessageParts, model: CapturedModel, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const job: Job = { message, info: encodeInfo(model), resolve, reject };
      signal.addEventListener('abort', () => this.#drop(job), { once: true });
      this.#queue.push(job);
      void this.#storeNext();
    });
  }

  /** What became of a capture. */
  async status(id: string): Promise<CaptureStatus> {
    const isIdle = !this.#process.exists && (this.#config.spoolFolder === undefined || !existsSync(this.#config.spoolFolder));
    if (isIdle) return 'NOT_FOUND';
    const { link } = await this.#process.connected();
    const [code = captureStatuses.indexOf('NOT_FOUND')] = await link.call(frameKinds.captureStatus, [Buffer.from(id)]);
    return captureStatuses[code] ?? 'NOT_FOUND';
  }

  /** Ends the process. What waits in memory is delivered if that is possible at once; what is on the disk stays there. */
  async stop(): Promise<void> {
    for (const job of this.#queue.splice(0)) job.reject(stopping());
    await this.#process.stop();
  }

  get #hasDestination(): boolean {
    return this.#config.destination === 'Disk' || this.#config.bucket !== undefined;
  }

  async #storeNext(): Promise<void> {
    if (this.#storing > 0) return;
    const jobs = this.#nextGroup();
    if (jobs.length === 0) return;
    this.#storing = jobs.length;
    try {
      const { link, arena } = await this.#process.connected();
      const answers = await Promise.allSettled(send(link, arena, jobs));
      for (const [index, job] of jobs.entries()) {
        const answer = answers[index];
        if (answer?.status === 'fulfilled') job.resolve();
        else job.reject(answer?.reason);
      }
      arena.trim();
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
