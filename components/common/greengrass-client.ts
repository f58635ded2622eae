import { RpcError, RpcErrorType } from 'aws-iot-device-sdk-v2/dist/eventstream_rpc.js';
import { createClient, type Client } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';
import { QOS, ReportedLifecycleState } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import { FescueError, messageOf } from './errors.ts';
import { within } from './within.ts';

/** What a component asks of the nucleus, over Greengrass IPC. */
export type GreengrassIpc = {
  /** A component's whole configuration, the caller's own without a name; undefined when there is none. */
  getConfiguration(component?: string): Promise<Record<string, unknown> | undefined>;
  /** Calls `listener` with each change of the caller's own configuration, several times when several keys change, until the connection ends. */
  onConfigurationUpdate(listener: () => void): Promise<void>;
  /** Publishes to AWS IoT Core at QoS 1 through the nucleus, which queues while the device is offline. */
  publishToIotCore(topic: string, payload: Uint8Array): Promise<void>;
  /** Publishes a JSON object to the components of this device. */
  publishToTopic(topic: string, message: object): Promise<void>;
  updateState(state: 'RUNNING' | 'ERRORED'): Promise<void>;
  /** Resolves with the reason when the connection ends in any way but `close`. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
};

/** Whether this process was started by a nucleus. */
export function isGreengrassComponent(environment: NodeJS.ProcessEnv): boolean {
  return environment['SVCUID'] !== undefined && environment['AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT'] !== undefined;
}

/**
 * Connects to the nucleus that started this process.
 *
 * @param options.timeoutMs bound of the connection attempt and of every call
 * @throws FescueError `unavailable` when the nucleus does not answer or does not accept the token. The methods reject
 * with `failed-precondition` when the nucleus refuses, else with `unavailable`.
 */
export async function connectGreengrassIpc(options: { timeoutMs: number }): Promise<GreengrassIpc> {
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

  async onConfigurationUpdate(listener: () => void): Promise<void> {
    const updates = this.#client.subscribeToConfigurationUpdate({ keyPath: [] });
    updates.on('message', () => listener());
    await this.#call('SubscribeToConfigurationUpdate', updates.activate());
  }

  async publishToIotCore(topic: string, payload: Uint8Array): Promise<void> {
    const request = { topicName: topic, qos: QOS.AT_LEAST_ONCE, payload };
    await this.#call(`PublishToIoTCore on ${topic}`, this.#client.publishToIoTCore(request));
  }

  async publishToTopic(topic: string, message: object): Promise<void> {
    const request = { topic, publishMessage: { jsonMessage: { message } } };
    await this.#call(`PublishToTopic on ${topic}`, this.#client.publishToTopic(request));
  }

  async updateState(state: 'RUNNING' | 'ERRORED'): Promise<void> {
    await this.#call('UpdateState', this.#client.updateState({ state: ReportedLifecycleState[state] }));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #call<Response>(name: string, response: Promise<Response>): Promise<Response> {
    return bounded(`Greengrass IPC: ${name}`, this.#timeoutMs, response);
  }
}

async function bounded<Result>(subject: string, timeoutMs: number, result: Promise<Result>): Promise<Result> {
  try {
    return await within(timeoutMs, result, () => new Error(`no answer within ${timeoutMs / 1000} s`));
  } catch (error) {
    throw errorOf(subject, error);
  }
}

function errorOf(subject: string, error: unknown): FescueError {
  if (error instanceof RpcError && error.type === RpcErrorType.ServiceError) {
    // Nucleus lite sends no message that the client reads.
    const refusal: unknown = error.serviceError;
    const reason = isRecord(refusal) && typeof refusal['message'] === 'string' ? refusal['message'] : 'no reason given';
    return new FescueError('failed-precondition', `${subject} was refused by the nucleus: ${reason}. Publishing takes a matching operation and resource in accessControl.`, { cause: error });
  }
  return new FescueError('unavailable', `${subject} failed: ${messageOf(error)}.`, { cause: error });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
