import { FescueError, messageOf } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { Worker } from './worker.ts';
import type { LoadOrder, LoadResult, ModelTensors } from './worker-messages.ts';

export type LoadedModelOptions = {
  readonly alias: string;
  readonly order: LoadOrder;
  readonly queueSize: number;
  readonly loadTimeoutMs: number;
  readonly log: Logger;
};

type Job = { readonly request: Buffer; readonly resolve: (response: Buffer) => void; readonly reject: (error: FescueError) => void };

/** Where the model's worker is. `restarting` holds why the last one ended. */
type Phase =
  | { readonly name: 'ready'; readonly worker: Worker; readonly since: number }
  | { readonly name: 'restarting'; readonly reason: string; readonly timer?: NodeJS.Timeout }
  | { readonly name: 'closed' };

const firstBackoffMs = 100;
const longestBackoffMs = 30_000;
/** A worker that lived this long was healthy: the next crash starts at the shortest backoff again. */
const healthyAfterMs = 60_000;

/**
 * A model in its worker process, with the queue in front of it. One prediction runs at a time. When the worker dies,
 * its running and queued predictions are rejected with `unavailable`, and a new worker loads the model again, with
 * exponential backoff from 0.1 to 30 seconds.
 */
export class LoadedModel {
  #options: LoadedModelOptions;
  #phase: Phase = { name: 'closed' };
  #tensors: ModelTensors = { inputs: [], outputs: [] };
  #queue: Job[] = [];
  #running: Job | undefined;
  #crashes = 0;
  #idle: (() => void)[] = [];

  constructor(options: LoadedModelOptions) {
    this.#options = options;
  }

  get tensors(): ModelTensors {
    return this.#tensors;
  }

  /** @throws FescueError as the worker's load answered; `deadline-exceeded` when it took too long */
  async start(): Promise<void> {
    this.#tensors = await this.#startWorker();
  }

  /**
   * @param request a PredictRequest message
   * @param signal aborts: a queued prediction is dropped, a running one is left to its end without an answer
   * @returns a PredictResponse message
   * @throws FescueError `unavailable`, `resource-exhausted`, `cancelled`, or as the worker answered
   */
  predict(request: Buffer, signal: AbortSignal): Promise<Buffer> {
    if (this.#phase.name !== 'ready') return Promise.reject(this.#unavailable());
    if (this.#queue.length >= this.#options.queueSize) return Promise.reject(this.#queueFull());
    return new Promise((resolve, reject) => {
      const job: Job = { request, resolve, reject };
      signal.addEventListener('abort', () => this.#drop(job), { once: true });
      this.#queue.push(job);
      this.#runNext();
    });
  }

  /** Waits for the queued and running predictions, then ends the worker. New ones must be kept away by the caller. */
  async drain(): Promise<void> {
    if (this.#running !== undefined || this.#queue.length > 0) await new Promise<void>((done) => this.#idle.push(done));
    await this.close();
  }

  /** Ends the worker now; predictions under way are rejected with `unavailable`. */
  async close(): Promise<void> {
    const phase = this.#phase;
    this.#phase = { name: 'closed' };
    if (phase.name === 'restarting') clearTimeout(phase.timer);
    if (phase.name === 'ready') {
      if (this.#running !== undefined) phase.worker.kill();
      await phase.worker.stop();
    }
    this.#rejectAll(new FescueError('unavailable', `Model "${this.#options.alias}" was closed.`));
  }

  async #startWorker(): Promise<ModelTensors> {
    const worker: Worker = Worker.spawn({ onExit: (reason) => this.#onWorkerExit(worker, reason) });
    try {
      const { signer, ...tensors } = await this.#loadInTime(worker);
      this.#phase = { name: 'ready', worker, since: Date.now() };
      const { alias, log } = this.#options;
      log.info({ alias, workerPid: worker.pid, signer: signer?.name }, 'model loaded');
      if (signer?.trusted === false) log.warn({ alias, signer: signer.name, fingerprint: signer.fingerprint }, 'signature is intact, but its signer is not known: TrustedCertificatesPath is empty');
      return tensors;
    } catch (error) {
      await worker.stop();
      throw error;
    }
  }

  async #loadInTime(worker: Worker): Promise<LoadResult> {
    const { alias, order, loadTimeoutMs } = this.#options;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      worker.kill();
    }, loadTimeoutMs);
    try {
      return await worker.load(order);
    } catch (error) {
      if (!timedOut) throw error;
      throw new FescueError('deadline-exceeded', `Model "${alias}" was not loaded within ${loadTimeoutMs / 1000} s. Raise LoadTimeoutSeconds if it needs longer.`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  #runNext(): void {
    if (this.#running !== undefined || this.#phase.name !== 'ready') return;
    const job = this.#queue.shift();
    if (job === undefined) {
      for (const done of this.#idle.splice(0)) done();
      return;
    }
    this.#running = job;
    const finished = (): void => {
      this.#running = undefined;
      this.#runNext();
    };
    this.#phase.worker.predict(job.request).then(job.resolve, job.reject).finally(finished).catch((error: unknown) => job.reject(error as FescueError));
  }

  #drop(job: Job): void {
    const position = this.#queue.indexOf(job);
    if (position >= 0) this.#queue.splice(position, 1);
    job.reject(new FescueError('cancelled', 'The prediction was cancelled or its deadline passed.'));
  }

  #onWorkerExit(worker: Worker, reason: string): void {
    if (this.#phase.name !== 'ready' || this.#phase.worker !== worker) return;
    const lived = Date.now() - this.#phase.since;
    this.#crashes = lived > healthyAfterMs ? 1 : this.#crashes + 1;
    this.#options.log.error({ alias: this.#options.alias, workerPid: worker.pid, reason, crashes: this.#crashes }, 'worker died; restarting it');
    this.#restartLater(reason);
    this.#rejectAll(this.#unavailable());
  }

  #restartLater(reason: string): void {
    const delayMs = Math.min(firstBackoffMs * 2 ** (this.#crashes - 1), longestBackoffMs);
    this.#phase = { name: 'restarting', reason, timer: setTimeout(() => void this.#restart(reason), delayMs) };
  }

  async #restart(reason: string): Promise<void> {
    try {
      await this.#startWorker();
    } catch (error) {
      this.#options.log.error({ alias: this.#options.alias, err: messageOf(error) }, 'model could not be loaded again');
      this.#crashes += 1;
      if (this.#phase.name === 'restarting') this.#restartLater(`${reason}; then loading it again failed: ${messageOf(error)}`);
    }
  }

  #rejectAll(error: FescueError): void {
    for (const job of this.#queue.splice(0)) job.reject(error);
    for (const done of this.#idle.splice(0)) done();
  }

  #unavailable(): FescueError {
    const reason = this.#phase.name === 'restarting' ? `its worker process ended (${this.#phase.reason}) and is being restarted; try again shortly` : 'it is not running';
    return new FescueError('unavailable', `Model "${this.#options.alias}" cannot predict now: ${reason}.`);
  }

  #queueFull(): FescueError {
    return new FescueError('resource-exhausted', `Model "${this.#options.alias}" already has ${this.#queue.length} predictions waiting (QueueSize). Send fewer at once, or raise QueueSize.`);
  }
}
