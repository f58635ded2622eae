import { FescueError } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { CapturedModel } from './capture/capture-request.ts';
import type { ExecutionProvider } from './execution-providers.ts';
import { Instance } from './instance.ts';
import type { MessageParts } from './message-parts.ts';
import type { ModelObserver } from './model-observer.ts';
import type { LoadOrder, LoadResult, ModelTensors } from './worker-messages.ts';

/** What may change while a model is loaded. */
export type ModelLimits = {
  readonly queueSize: number;
  readonly loadTimeoutMs: number;
};

export type LoadedModelOptions = ModelLimits & {
  readonly alias: string;
  readonly order: LoadOrder;
  /** Workers that predict side by side. */
  readonly instances: number;
  /** Waiting predictions that may run as one, if the model takes batches. */
  readonly maxBatch: number;
  readonly log: Logger;
  readonly observer: ModelObserver;
};

export type ModelIdentity = {
  /** Of the package, or of the file where there is none. */
  readonly name: string;
  /** Empty without a package. */
  readonly version: string;
  /** SHA-256 of the ONNX file in hexadecimal, which only a package tells. */
  readonly digest: string | undefined;
};

type Job = { readonly request: MessageParts; readonly queuedAt: number; readonly resolve: (response: Buffer) => void; readonly reject: (error: FescueError) => void };

/**
 * A model with its workers and the queue in front of them. Each worker runs one prediction at a time, or one batch. When one
 * dies, only what it runs is lost; when none is left, the queued ones are rejected with `unavailable` as well.
 */
export class LoadedModel {
  #options: LoadedModelOptions;
  readonly #instances: readonly Instance[];
  #tensors: ModelTensors = { inputs: [], outputs: [] };
  #captured: CapturedModel = { version: '', priority: 0 };
  #identity: ModelIdentity = { name: '', version: '', digest: undefined };
  #provider: ExecutionProvider = 'cpu';
  #maxBatch = 1;
  #queue: Job[] = [];
  #running = 0;
  #idle: (() => void)[] = [];

  constructor(options: LoadedModelOptions) {
    this.#options = options;
    this.#instances = Array.from({ length: options.instances }, () => new Instance({ ...options, onReady: () => this.#onReady(), onEnd: () => this.#onEnd() }));
  }

  get tensors(): ModelTensors {
    return this.#tensors;
  }

  /** What goes into captures of the model. */
  get captured(): CapturedModel {
    return this.#captured;
  }

  /** What the loaded file is. */
  get identity(): ModelIdentity {
    return this.#identity;
  }

  /** What runs the model. */
  get provider(): ExecutionProvider {
    return this.#provider;
  }

  /** Predictions that wait for a worker. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Whether a prediction runs or waits. */
  get busy(): boolean {
    return this.#running > 0 || this.#queue.length > 0;
  }

  get workerPids(): number[] {
    return this.#instances.flatMap(({ workerPid }) => workerPid ?? []);
  }

  /** Follows a change of the configuration. Predictions that wait already stay. */
  tune({ queueSize, loadTimeoutMs }: ModelLimits): void {
    this.#options = { ...this.#options, queueSize, loadTimeoutMs };
    for (const instance of this.#instances) instance.setLoadTimeout(loadTimeoutMs);
  }

  /** Resolves when every worker has loaded the model. @throws FescueError as the first load that failed */
  async start(): Promise<void> {
    const starting = this.#instances.map(async (instance) => instance.start());
    try {
      const [loaded] = await Promise.all(starting);
      if (loaded !== undefined) this.#onLoaded(loaded);
    } catch (error) {
      await this.close();
      await Promise.allSettled(starting);
      throw error;
    }
  }

  /**
   * @param request a PredictRequest message
   * @param signal aborts: a queued prediction is dropped, a running one is left to its end without an answer
   * @returns a PredictResponse message
   * @throws FescueError `unavailable`, `resource-exhausted`, `cancelled`, or as the worker answered
   */
  predict(request: MessageParts, signal: AbortSignal): Promise<Buffer> {
    if (!this.#instances.some(({ ready }) => ready)) return this.#refuse(this.#unavailable());
    if (this.#queue.length >= this.#options.queueSize) return this.#refuse(this.#queueFull());
    return new Promise((resolve, reject) => {
      const job: Job = { request, queuedAt: performance.now(), resolve, reject };
      signal.addEventListener('abort', () => this.#drop(job), { once: true });
      this.#queue.push(job);
      this.#runNext();
    });
  }

  /** Waits for the queued and running predictions, then ends the workers. New ones must be kept away by the caller. */
  async drain(): Promise<void> {
    if (this.busy) await new Promise<void>((done) => this.#idle.push(done));
    await this.close();
  }

  /** Ends the workers now; predictions under way are rejected with `unavailable`. */
  async close(): Promise<void> {
    await Promise.all(this.#instances.map(async (instance) => instance.close()));
    this.#rejectQueued(new FescueError('unavailable', `Model "${this.#options.alias}" was closed.`));
  }

  #runNext(): void {
    for (;;) {
      const free = this.#instances.filter((instance) => instance.free);
      const [instance] = free;
      if (instance === undefined || this.#queue.length === 0) break;
      const share = Math.ceil(this.#queue.length / free.length);
      void this.#run(instance, this.#queue.splice(0, Math.min(share, this.#maxBatch)));
    }
    if (this.#running === 0 && this.#queue.length === 0) for (const done of this.#idle.splice(0)) done();
  }

  async #run(instance: Instance, jobs: readonly Job[]): Promise<void> {
    const startedAt = performance.now();
    this.#running += 1;
    const answers = await instance.predict(jobs.map(({ request }) => request));
    this.#running -= 1;
    const runMs = performance.now() - startedAt;
    // First the worker, which would have nothing to do meanwhile.
    this.#runNext();
    for (const [index, job] of jobs.entries()) {
      const answer = answers[index];
      if (answer?.status === 'fulfilled') job.resolve(answer.value);
      else job.reject(answer?.reason as FescueError);
      this.#options.observer.predicted(this.#options.alias, startedAt - job.queuedAt, runMs, answer?.status === 'fulfilled');
    }
  }

  #onLoaded({ inputs, outputs, batchable, name, version, digest, capturePriority, provider, missingProviders }: LoadResult): void {
    const { alias, maxBatch, log } = this.#options;
    this.#tensors = { inputs, outputs };
    this.#captured = { version, priority: capturePriority };
    this.#identity = { name, version, digest };
    this.#provider = provider;
    if (missingProviders.length > 0) log.warn({ alias, provider, missing: missingProviders }, `model runs on ${provider}: ${missingProviders.map((one) => `${one.provider} is not available (${one.reason})`).join('; ')}`);
    if (batchable) this.#maxBatch = maxBatch;
    else if (maxBatch > 1) log.info({ alias, maxBatch }, 'predictions of this model run one by one: MaxBatch takes a dynamic first axis of one name in all inputs and outputs');
  }

  #drop(job: Job): void {
    const position = this.#queue.indexOf(job);
    if (position >= 0) this.#queue.splice(position, 1);
    job.reject(new FescueError('cancelled', 'The prediction was cancelled or its deadline passed.'));
  }

  #onReady(): void {
    this.#options.observer.serving(this.#options.alias);
    this.#runNext();
  }

  #onEnd(): void {
    const left = this.#instances.filter(({ ready }) => ready).length;
    this.#options.observer.restarting(this.#options.alias, left);
    if (left === 0) this.#rejectQueued(this.#unavailable());
  }

  #rejectQueued(error: FescueError): void {
    for (const job of this.#queue.splice(0)) {
      job.reject(error);
      this.#options.observer.refused(this.#options.alias);
    }
    this.#runNext();
  }

  #refuse(error: FescueError): Promise<never> {
    this.#options.observer.refused(this.#options.alias);
    return Promise.reject(error);
  }

  #unavailable(): FescueError {
    return new FescueError('unavailable', `Model "${this.#options.alias}" cannot predict now: ${this.#instances[0]?.absence ?? 'it has no worker'}.`);
  }

  #queueFull(): FescueError {
    return new FescueError('resource-exhausted', `Model "${this.#options.alias}" already has ${this.#queue.length} predictions waiting (QueueSize). Send fewer at once, or raise QueueSize.`);
  }
}
