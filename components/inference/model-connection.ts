import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentClient } from '../common/agent-client.ts';
import { FescueError, messageOf, type ErrorKind } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { describeTensor, shapeFits, type Tensor } from '../common/tensor.ts';
import type { Activity } from './activity.ts';
import type { InferenceSettings } from './configuration.ts';
import type { Classifier } from './model-package.ts';
import { TensorTransport } from './tensor-transport.ts';

export type ConnectionOptions = {
  readonly settings: Pick<InferenceSettings, 'UnixSocketName' | 'ModelPath' | 'ModelName' | 'AgentWaitSeconds' | 'PredictTimeoutSeconds' | 'SharedMemoryThresholdBytes'>;
  readonly classifier: Classifier;
  readonly activity: Pick<Activity, 'isHeldUp'>;
  readonly log: Logger;
  /** Ends calls under way. */
  readonly signal: AbortSignal;
  /** Ends all waiting for the agent and for the model. */
  readonly ending: AbortSignal;
};

/** What a model made of an input. */
export type Prediction = {
  /** The first output of the package's manifest. */
  readonly output: Tensor;
  /** Every output, in the model's order. */
  readonly outputs: readonly Tensor[];
};

/** An image that brings the model down again and again is given up, so that the others get their turn. */
const attemptsPerImage = 3;
const reconnectPauseMs = 200;
const unloadTimeoutMs = 5_000;

/** One model on the agent: loaded, kept loaded whatever becomes of the agent, and unloaded in the end. */
export class ModelConnection {
  readonly #options: ConnectionOptions;
  readonly #client: AgentClient;
  readonly #transport: TensorTransport;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = new AgentClient({ socketPath: options.settings.UnixSocketName });
    this.#transport = new TensorTransport({ threshold: options.settings.SharedMemoryThresholdBytes, log: options.log });
  }

  /**
   * Waits for the agent, however long that takes, and loads the model anew.
   *
   * @throws FescueError with the agent's status when it refuses the model, `cancelled` when it was to end meanwhile
   */
  async load(): Promise<void> {
    for (;;) {
      await this.#waitForAgent();
      try {
        return await this.#loadOnce();
      } catch (error) {
        if (!isKind(error, 'unavailable')) throw error;
        this.#options.log.warn({ reason: messageOf(error) }, 'the agent went away while the model was loaded; waiting for it');
        await this.#pause();
      }
    }
  }

  /** Runs the model. When the agent or the model is gone, both are brought back and the image is tried again. */
  async predict(input: Tensor): Promise<Prediction> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#predictOnce(input);
      } catch (error) {
        if (!isKind(error, 'unavailable', 'not-found') || attempt === attemptsPerImage || this.#options.ending.aborted) throw error;
        this.#options.log.warn({ reason: messageOf(error), attempt }, 'the model does not answer; loading it again');
        await this.#pause();
        await this.load();
      }
    }
  }

  /** Unloads the model, if the agent is still there to do it. */
  async close(): Promise<void> {
    await this.#client.unloadModel(this.#options.settings.ModelName, { timeoutMs: unloadTimeoutMs }).catch((error: unknown) => {
      this.#options.log.info({ reason: messageOf(error) }, 'the model was not unloaded');
    });
    this.#client.close();
    this.#transport.close();
  }

  async #waitForAgent(): Promise<void> {
    const { settings, activity, log, ending } = this.#options;
    for (;;) {
      try {
        await this.#client.waitUntilReady(settings.AgentWaitSeconds * 1000, ending);
        activity.isHeldUp = false;
        return;
      } catch (error) {
        if (isKind(error, 'cancelled')) throw error;
        activity.isHeldUp = true;
        log.warn({ reason: messageOf(error) }, 'waiting for the agent');
      }
    }
  }

  /** Unloads first: another model may hold the alias, or an older version of this one. */
  async #loadOnce(): Promise<void> {
    const { settings, classifier, log, ending: signal } = this.#options;
    const { ModelName: name } = settings;
    await ignoring(this.#client.unloadModel(name, { signal }), 'not-found');
    await ignoring(this.#client.loadModel(resolve(settings.ModelPath), name, { signal }), 'already-exists');
    const described = (await this.#client.describeModel(name, { signal })).inputs.find((input) => input.name === classifier.input.name);
    if (described === undefined || described.dtype !== classifier.input.dtype || !shapeFits(described.shape, classifier.input.shape)) {
      const actual = described === undefined ? 'no such input' : describeTensor(described);
      throw new FescueError('failed-precondition', `Model "${name}": the package's manifest has input ${describeTensor(classifier.input)}, the agent found ${actual}. Build the package again.`);
    }
    log.info({ model: name, package: classifier.name, version: classifier.version, input: describeTensor(described) }, 'model loaded');
  }

  async #predictOnce(input: Tensor): Promise<Prediction> {
    const { settings, classifier, signal } = this.#options;
    const options = { timeoutMs: settings.PredictTimeoutSeconds * 1000, signal };
    const outputs = await this.#transport.send(input, (prepared) => this.#client.predict(settings.ModelName, [prepared], options));
    const output = outputs.find((one) => one.name === classifier.output.name);
    if (output !== undefined) return { output, outputs };
    throw new FescueError('failed-precondition', `Model "${settings.ModelName}" gave the outputs ${outputs.map((one) => one.name).join(', ')}, not ${classifier.output.name} of its manifest.`);
  }

  async #pause(): Promise<void> {
    await sleep(reconnectPauseMs);
  }
}

async function ignoring(call: Promise<unknown>, kind: ErrorKind): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isKind(error, kind)) throw error;
  });
}

function isKind(error: unknown, ...kinds: ErrorKind[]): boolean {
  return error instanceof FescueError && kinds.includes(error.kind);
}
