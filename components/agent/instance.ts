import { FescueError, messageOf } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { MessageParts } from './message-parts.ts';
import { Worker } from './worker.ts';
import type { LoadOrder, LoadResult } from './worker-messages.ts';

export type InstanceOptions = {
  readonly alias: string;
  readonly order: LoadOrder;
  readonly loadTimeoutMs: number;
  readonly log: Logger;
  /** Called when the worker has loaded the model, for the first time or again. */
  readonly onReady: () => void;
  /** Called when the worker ended by itself. */
  readonly onEnd: () => void;
};

/** Where the worker is. `restarting` holds why the last one ended. */
type Phase =
  | { readonly name: 'ready'; readonly worker: Worker; readonly since: number }
  | { readonly name: 'restarting'; readonly reason: string; readonly timer?: NodeJS.Timeout }
  | { readonly name: 'closed' };

const firstBackoffMs = 100;
const longestBackoffMs = 30_000;
/** A worker that lived this long was healthy: the next crash starts at the shortest backoff again. */
const healthyAfterMs = 60_000;

/**
 * One worker of a model, supervised: it runs one prediction, or one batch, at a time. When the worker dies, what runs is
 * rejected with `unavailable`, and a new worker loads the model again, with exponential backoff from 0.1 to 30 seconds.
 */
export class Instance {
  #options: InstanceOptions;
  #phase: Phase = { name: 'closed' };
  #loading: Worker | undefined;
  #running = false;
  #closed = false;
  #crashes = 0;

  constructor(options: InstanceOptions) {
    this.#options = options;
  }

  /** Changes the time that further loads may take. */
  setLoadTimeout(loadTimeoutMs: number): void {
    this.#options = { ...this.#options, loadTimeoutMs };
  }

  /** Whether a prediction can start now. */
  get free(): boolean {
    return this.#phase.name === 'ready' && !this.#running;
  }

  get ready(): boolean {
    return this.#phase.name === 'ready';
  }

  get workerPid(): number | undefined {
    return this.#phase.name === 'ready' ? this.#phase.worker.pid : undefined;
  }

  /** Why there is no worker, to follow "cannot predict now: ". */
  get absence(): string {
    return this.#phase.name === 'restarting' ? `its worker process ended (${this.#phase.reason}) and is being restarted; try again shortly` : 'it is not running';
  }

  /** @throws FescueError as the worker's load answered; `deadline-exceeded` when it took too long */
  async start(): Promise<LoadResult> {
    const library = this.#options.order.onnxRuntimeLibrary;
    const advice = library === '' ? undefined : `It used OnnxRuntimeLibrary ${library}, which may be the cause.`;
    const worker: Worker = Worker.spawn({ onExit: (reason) => this.#onWorkerExit(worker, reason), advice });
    this.#loading = worker;
    try {
      const result = await this.#loadInTime(worker);
      if (this.#closed) throw this.#unavailable();
      this.#phase = { name: 'ready', worker, since: Date.now() };
      const { alias, log } = this.#options;
      const { signer, provider } = result;
      log.info({ alias, workerPid: worker.pid, provider, signer: signer?.name }, 'model loaded');
      if (signer?.trusted === false) log.warn({ alias, signer: signer.name, fingerprint: signer.fingerprint }, 'signature is intact, but its signer is not known: TrustedCertificatesPath is empty');
      this.#options.onReady();
      return result;
    } catch (error) {
      await worker.stop();
      throw this.#closed ? this.#unavailable() : error;
    } finally {
      this.#loading = undefined;
    }
  }

  /**
   * Runs predictions, as one where they fit together; to be called when free.
   *
   * @returns for each the worker's answer; rejected with `unavailable`, or as the worker says
   */
  async predict(requests: readonly MessageParts[]): Promise<PromiseSettledResult<Buffer>[]> {
    if (this.#phase.name !== 'ready') return Promise.allSettled(requests.map(async () => Promise.reject(this.#unavailable())));
    this.#running = true;
    const answers = await Promise.allSettled(this.#phase.worker.predict(requests));
    this.#running = false;
    return answers;
  }

  /** Ends the worker now; a prediction under way is rejected with `unavailable`. */
  async close(): Promise<void> {
    const phase = this.#phase;
    this.#phase = { name: 'closed' };
    this.#closed = true;
    this.#loading?.kill();
    await this.#loading?.stop();
    if (phase.name === 'restarting') clearTimeout(phase.timer);
    if (phase.name !== 'ready') return;
    if (this.#running) phase.worker.kill();
    await phase.worker.stop();
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

  #onWorkerExit(worker: Worker, reason: string): void {
    if (this.#phase.name !== 'ready' || this.#phase.worker !== worker) return;
    const lived = Date.now() - this.#phase.since;
    this.#crashes = lived > healthyAfterMs ? 1 : this.#crashes + 1;
    this.#options.log.error({ alias: this.#options.alias, workerPid: worker.pid, reason, crashes: this.#crashes }, 'worker died; restarting it');
    this.#restartLater(reason);
    this.#options.onEnd();
  }

  /** @param failure why the last try to load it again failed */
  #restartLater(reason: string, failure?: string): void {
    const delayMs = Math.min(firstBackoffMs * 2 ** (this.#crashes - 1), longestBackoffMs);
    const said = failure === undefined ? reason : `${reason}; then loading it again failed: ${failure}`;
    this.#phase = { name: 'restarting', reason: said, timer: setTimeout(() => void this.#restart(reason), delayMs) };
  }

  async #restart(reason: string): Promise<void> {
    try {
      await this.start();
    } catch (error) {
      if (this.#closed) return;
      this.#options.log.error({ alias: this.#options.alias, err: messageOf(error) }, 'model could not be loaded again');
      this.#crashes += 1;
      if (this.#phase.name === 'restarting') this.#restartLater(reason, messageOf(error));
    }
  }

  #unavailable(): FescueError {
    return new FescueError('unavailable', `Model "${this.#options.alias}" cannot predict now: ${this.absence}.`);
  }
}
