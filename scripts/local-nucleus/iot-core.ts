import type { JsonObject } from './config-store.ts';
import { HeartbeatLog } from './heartbeat-log.ts';
import { changeShadow, deleteShadow, getShadow, type ShadowOutcome } from './shadow-requests.ts';
import type { ShadowStore } from './shadow-store.ts';
import { shadowRequestOf, shadowTopicOf } from './shadow-topics.ts';
import { type TopicMessage, Topics } from './topics.ts';

export type IotCoreOptions = {
  readonly shadows: ShadowStore;
  /** Where heartbeats are kept. */
  readonly heartbeatFile: string;
  /** Told every message of a component. */
  readonly onMessage: (message: TopicMessage) => void;
  readonly onNote: (text: string) => void;
};

const limits = { maxDepth: 8 };

/** What stands for AWS IoT Core: its topics, the shadows that answer on reserved ones, and the heartbeats of a fleet. */
export class LocalIotCore {
  readonly #options: IotCoreOptions;
  readonly #topics = new Topics<TopicMessage>();
  readonly #heartbeats: HeartbeatLog;

  constructor(options: IotCoreOptions) {
    this.#options = options;
    this.#heartbeats = new HeartbeatLog(options.heartbeatFile);
  }

  /** @returns the way to end the subscription */
  subscribe(filter: string, listener: (message: TopicMessage) => void): () => void {
    return this.#topics.subscribe(filter, listener);
  }

  publish(message: TopicMessage): void {
    this.#options.onMessage(message);
    this.#topics.publish(message);
    try {
      this.#heartbeats.keep(message);
      this.#answerShadow(message);
    } catch (error) {
      // Whoever publishes does not learn what the cloud makes of it.
      this.#options.onNote(`A message on ${message.topic} could not be kept: ${String(error)}`);
    }
  }

  #answerShadow({ topic, payload }: TopicMessage): void {
    const request = shadowRequestOf(topic);
    if (request === undefined) return;
    const { name, operation } = request;
    const store = this.#options.shadows;
    const text = Buffer.from(payload).toString();
    const outcome = operation === 'get' ? getShadow(store, name) : operation === 'delete' ? deleteShadow(store, name) : changeShadow({ store, name, text, limits });
    this.#tell(`${shadowTopicOf(name)}/${operation}`, outcome);
  }

  #tell(topic: string, outcome: ShadowOutcome): void {
    const send = (suffix: string, document: JsonObject): void => this.#topics.publish({ topic: `${topic}/${suffix}`, payload: Buffer.from(JSON.stringify(document)) });
    if (outcome.kind === 'rejected') {
      const { code, message, clientToken } = outcome;
      return send('rejected', { code, message, timestamp: Math.floor(Date.now() / 1000), ...(clientToken === undefined ? {} : { clientToken }) });
    }
    send('accepted', outcome.answer);
    if (outcome.delta !== undefined) send('delta', outcome.delta);
    if (outcome.documents !== undefined) send('documents', outcome.documents);
  }
}
