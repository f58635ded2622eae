import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Model } from '../common/agent-client.ts';
import { FescueError } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { CapturedModel } from './capture/capture-request.ts';
import type { AgentConfig } from './config.ts';
import type { ExecutionProvider } from './execution-providers.ts';
import { LoadQueue } from './load-queue.ts';
import { LoadedModel, type ModelIdentity, type ModelLimits } from './loaded-model.ts';
import { availableBytes, memoryNeeded } from './memory-budget.ts';
import type { MessageParts } from './message-parts.ts';
import type { ModelObserver } from './model-observer.ts';

/** The contract's pattern of a model alias. */
export const aliasPattern = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;

type ModelConfig = Pick<AgentConfig, 'instances' | 'intraOpThreads' | 'executionProviders' | 'onnxRuntimeLibrary' | 'allowWritableSharedMemory' | 'queueSize' | 'maxBatch' | 'loadTimeoutMs' | 'signaturePolicy'>;

/** An alias in use. Only a ready one is listed and predicts. */
type Entry = { readonly url: string; readonly model: LoadedModel; state: 'loading' | 'ready' | 'draining' };

/**
 * The models by alias. Control calls of one alias run one after the other, in the order they came: a second LoadModel
 * waits for the first and then finds the alias in use (or loads, if the first failed); an UnLoadModel waits for the
 * LoadModel before it. Predictions never wait for control calls: while an alias loads or drains they get `not-found`.
 * Different aliases load side by side, as many as the load queue lets.
 */
export class ModelRegistry {
  #config: ModelConfig;
  #log: Logger;
  #observer: ModelObserver;
  #entries = new Map<string, Entry>();
  #controlCalls = new Map<string, Promise<unknown>>();
  #loads = new LoadQueue({ available: availableBytes });
  #stopped = false;

  constructor(options: { config: ModelConfig; log: Logger; observer: ModelObserver }) {
    this.#config = options.config;
    this.#log = options.log;
    this.#observer = options.observer;
  }

  /** Whether a model loads or unloads, or a prediction runs or waits. */
  get busy(): boolean {
    return [...this.#entries.values()].some(({ state, model }) => state !== 'ready' || model.busy);
  }

  /** Follows a change of the configuration, for the models that are loaded and those to come. */
  tune({ queueSize, loadTimeoutMs }: ModelLimits): void {
    this.#config = { ...this.#config, queueSize, loadTimeoutMs };
    for (const { model } of this.#entries.values()) model.tune({ queueSize, loadTimeoutMs });
  }

  /** @throws FescueError `already-exists`, `not-found`, `invalid-argument`, `failed-precondition`, `resource-exhausted` */
  load(url: string, alias: string): Promise<Model> {
    checkAlias(alias);
    const path = pathOfUrl(url);
    return this.#inTurn(alias, async () => {
      if (this.#entries.has(alias)) throw new FescueError('already-exists', `Alias "${alias}" is in use by ${this.#entries.get(alias)?.url}. Unload it first, or choose another alias.`);
      const { instances, intraOpThreads, executionProviders, onnxRuntimeLibrary, allowWritableSharedMemory, signaturePolicy, ...limits } = this.#config;
      const order = { path, intraOpThreads, executionProviders, onnxRuntimeLibrary, allowWritableSharedMemory, signaturePolicy };
      const model = new LoadedModel({ alias, order, instances, ...limits, log: this.#log, observer: this.#observer });
      const entry: Entry = { url, model, state: 'loading' };
      this.#entries.set(alias, entry);
      try {
        await this.#loads.run({ alias, instances, bytes: await memoryNeeded(path, instances) }, async () => {
          if (this.#stopped) throw new FescueError('unavailable', `Model "${alias}" was not loaded: the agent is stopping.`);
          await model.start();
        });
      } catch (error) {
        this.#entries.delete(alias);
        throw error;
      }
      entry.state = 'ready';
      return describe(alias, entry);
    });
  }

  /** Resolves when the predictions accepted so far are answered and the worker is gone. @throws FescueError `not-found` */
  unload(alias: string): Promise<void> {
    return this.#inTurn(alias, async () => {
      const entry = this.#ready(alias);
      entry.state = 'draining';
      this.#observer.gone(alias);
      await entry.model.drain();
      // Its worker may have ended in between.
      this.#observer.gone(alias);
      this.#entries.delete(alias);
      this.#log.info({ alias }, 'model unloaded');
    });
  }

  list(): Model[] {
    return [...this.#entries].filter(([, entry]) => entry.state === 'ready').map(([alias, entry]) => describe(alias, entry));
  }

  /** What each model is and how busy, what runs it, and its workers while it has them. */
  usage(): { alias: string; identity: ModelIdentity; provider: ExecutionProvider; waiting: number; workerPids: number[] }[] {
    return [...this.#entries].filter(([, entry]) => entry.state === 'ready').map(([alias, { model }]) => ({ alias, identity: model.identity, provider: model.provider, waiting: model.waiting, workerPids: model.workerPids }));
  }

  /** @throws FescueError `not-found` */
  describe(alias: string): Model {
    return describe(alias, this.#ready(alias));
  }

  /** What goes into captures of a model. @throws FescueError `not-found` */
  captured(alias: string): CapturedModel {
    return this.#ready(alias).model.captured;
  }

  /** A capture of a model was accepted. */
  sampled(alias: string): void {
    this.#observer.sampled(alias);
  }

  /**
   * @param request a PredictRequest message, passed to the worker as it is
   * @returns a PredictResponse message
   */
  predict(alias: string, request: MessageParts, signal: AbortSignal): Promise<Buffer> {
    return this.#ready(alias).model.predict(request, signal);
  }

  /** Ends every worker, for good; predictions and loads under way are rejected with `unavailable`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#entries.values()].map((entry) => entry.model.close()));
    this.#entries.clear();
  }

  #ready(alias: string): Entry {
    const entry = this.#entries.get(alias);
    if (entry?.state === 'ready') return entry;
    const state = entry === undefined ? 'is not loaded' : entry.state === 'loading' ? 'is still being loaded' : 'is being unloaded';
    const loaded = this.list().map((model) => model.name).join(', ') || 'none';
    throw new FescueError('not-found', `Model "${alias}" ${state}; loaded models: ${loaded}.`);
  }

  #inTurn<Result>(alias: string, call: () => Promise<Result>): Promise<Result> {
    const turn = (this.#controlCalls.get(alias) ?? Promise.resolve()).then(call);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#controlCalls.set(alias, settled);
    void settled.then(() => {
      if (this.#controlCalls.get(alias) === settled) this.#controlCalls.delete(alias);
    });
    return turn;
  }
}

function describe(alias: string, entry: Entry): Model {
  return { url: entry.url, name: alias, inputs: [...entry.model.tensors.inputs], outputs: [...entry.model.tensors.outputs] };
}

function checkAlias(alias: string): void {
  if (!aliasPattern.test(alias) || alias.length > 1024) {
    throw new FescueError('invalid-argument', `Model alias ${JSON.stringify(alias)}: expected letters, digits and inner dashes (${aliasPattern.source}).`);
  }
}

/** The absolute path of a model url: a path, relative to the agent's working directory, or a file:// url. */
function pathOfUrl(url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (url === '' || url.includes('\0') || (scheme !== undefined && scheme !== 'file')) {
    throw new FescueError('invalid-argument', `Model url ${JSON.stringify(url)}: expected the path of a model package or an .onnx file on this device.`);
  }
  try {
    return resolve(scheme === 'file' ? fileURLToPath(url) : url);
  } catch (error) {
    throw new FescueError('invalid-argument', `Model url ${JSON.stringify(url)}: expected a local file:// url.`, { cause: error });
  }
}
