import { RpcError, RpcErrorType } from 'aws-iot-device-sdk-v2/dist/eventstream_rpc.js';
import { createClient, type Client } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';
import { QOS, ReportedLifecycleState } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import { FescueError, messageOf } from './errors.ts';
import type { ConfigurationPart, GreengrassIpc, Refusal, UpdateAnswer, UpdateEvent } from './greengrass-ipc.ts';
import { within } from './within.ts';

/** The only module that loads the SDK's client; see `connectGreengrassIpc`. */
export async function connectClient(options: { timeoutMs: number }): Promise<GreengrassIpc> {
  const client = createClient();
  const lost = Promise.withResolvers<string>();
  client.on('disconnection', (event) => lost.resolve(event?.reason === undefined ? 'the nucleus closed it' : messageOf(event.reason)));
  const { timeoutMs } = options;
  await bounded('The connection to the Greengrass nucleus', timeoutMs, client.connect()).catch(async (error: unknown) => {
    await client.close();
    throw error;
  });
  return new SdkIpc(client, timeoutMs, lost.promise);
}

/** What to do about a publication that is refused, by the name of the error. */
const publishingAdvice: Advice = {
  UnauthorizedError: ' Publishing takes a matching operation and resource in accessControl.',
  InvalidArgumentsError: ' A topic to publish to holds no wildcards (+, #, *).',
};

const subscribingAdvice: Advice = { UnauthorizedError: ' Subscribing takes a matching operation and resource in accessControl.' };

type Advice = Readonly<Record<string, string>>;

class SdkIpc implements GreengrassIpc {
  readonly lost: Promise<string>;
  readonly #client: Client;
  readonly #timeoutMs: number;

  constructor(client: Client, timeoutMs: number, lost: Promise<string>) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.lost = lost;
  }

  async getConfiguration(component?: string): Promise<Record<string, unknown> | undefined> {
    const request = { keyPath: [], ...(component === undefined ? {} : { componentName: component }) };
    try {
      const response = await this.#call('GetConfiguration', this.#client.getConfiguration(request));
      return isRecord(response.value) ? response.value : undefined;
    } catch (error) {
      // The only refusal there is: every component may read every configuration.
      if (error instanceof FescueError && error.kind === 'failed-precondition') return undefined;
      throw error;
    }
  }

  async onConfigurationUpdate({ component, keyPath = [] }: ConfigurationPart, listener: () => void): Promise<void> {
    const updates = this.#client.subscribeToConfigurationUpdate({ keyPath: [...keyPath], ...(component === undefined ? {} : { componentName: component }) });
    updates.on('message', () => listener());
    await this.#subscribe('SubscribeToConfigurationUpdate', updates);
  }

  async onComponentUpdate(listener: (event: UpdateEvent) => void): Promise<void> {
    const updates = this.#client.subscribeToComponentUpdates({});
    updates.on('message', ({ preUpdateEvent, postUpdateEvent }) => {
      if (preUpdateEvent !== undefined) listener({ kind: 'before', deploymentId: preUpdateEvent.deploymentId });
      if (postUpdateEvent !== undefined) listener({ kind: 'after', deploymentId: postUpdateEvent.deploymentId });
    });
    await this.#subscribe('SubscribeToComponentUpdates', updates);
  }

  async answerUpdate(answer: UpdateAnswer): Promise<void> {
    await this.#call('DeferComponentUpdate', this.#client.deferComponentUpdate(answer));
  }

  async publishToIotCore(topic: string, payload: Uint8Array): Promise<void> {
    const request = { topicName: topic, qos: QOS.AT_LEAST_ONCE, payload };
    await this.#call(`PublishToIoTCore on ${topic}`, this.#client.publishToIoTCore(request), publishingAdvice);
  }

  async onIotCoreMessage(topic: string, listener: (payload: Uint8Array) => void): Promise<void> {
    const messages = this.#client.subscribeToIoTCore({ topicName: topic, qos: QOS.AT_LEAST_ONCE });
    messages.on('message', ({ message }) => listener(bytesOf(message?.payload)));
    const lost = this.lost.then(async (reason) => Promise.reject(new Error(reason)));
    await told(`Greengrass IPC: SubscribeToIoTCore on ${topic}`, Promise.race([messages.activate(), lost]), subscribingAdvice);
  }

  async publishToTopic(topic: string, message: object): Promise<void> {
    const request = { topic, publishMessage: { jsonMessage: { message } } };
    await this.#call(`PublishToTopic on ${topic}`, this.#client.publishToTopic(request), publishingAdvice);
  }

  async updateState(state: 'RUNNING' | 'ERRORED'): Promise<void> {
    await this.#call('UpdateState', this.#client.updateState({ state: ReportedLifecycleState[state] }));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** One that did not come about in time is given up, or it would come about later, beside the one of the next try. */
  async #subscribe(name: string, subscription: { activate(): Promise<unknown>; close(): Promise<void> }): Promise<void> {
    await this.#call(name, subscription.activate()).catch(async (error: unknown) => {
      await subscription.close();
      throw error;
    });
  }

  #call<Response>(name: string, response: Promise<Response>, advice?: Advice): Promise<Response> {
    return bounded(`Greengrass IPC: ${name}`, this.#timeoutMs, response, advice);
  }
}

async function bounded<Result>(subject: string, timeoutMs: number, result: Promise<Result>, advice?: Advice): Promise<Result> {
  return told(subject, within(timeoutMs, result, () => new Error(`no answer within ${timeoutMs / 1000} s`)), advice);
}

/** The result, or its error as `connectGreengrassIpc` says. @param advice what to do about a refusal, by the name of the error */
async function told<Result>(subject: string, result: Promise<Result>, advice: Advice = {}): Promise<Result> {
  try {
    return await result;
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal === undefined) throw new FescueError('unavailable', `${subject} failed: ${messageOf(error)}.`, { cause: error });
    const cause: Refusal = { refusal: refusal.name, error };
    throw new FescueError('failed-precondition', `${subject} was refused by the nucleus: ${refusal.reason}.${advice[refusal.name] ?? ''}`, { cause });
  }
}

/** The error that the nucleus answered with; undefined when it did not answer. */
function refusalIn(error: unknown): { name: string; reason: string } | undefined {
  if (!(error instanceof RpcError)) return undefined;
  if (error.type === RpcErrorType.ServiceError) {
    const { _errorCode: name, message, _message } = isRecord(error.serviceError) ? error.serviceError : {};
    // Nucleus lite has no `message`.
    const reason = [message, _message].find((one) => typeof one === 'string') ?? 'no reason given';
    return { name: String(name), reason: String(reason).replace(/\.$/, '') };
  }
  // An error that the client's model of the operation does not have: it hands on nothing but the name.
  const name = /^Unexpected response shape received: 'aws\.greengrass#(\w+Error)'$/.exec(error.description)?.[1];
  return name === undefined ? undefined : { name, reason: `${name}, without the reason` };
}

/** The client hands a payload on as it was decoded: bytes, or none. */
function bytesOf(payload: unknown): Uint8Array {
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  if (ArrayBuffer.isView(payload)) return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  return Buffer.from(typeof payload === 'string' ? payload : '');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
