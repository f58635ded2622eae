import { RpcError, RpcErrorType } from 'aws-iot-device-sdk-v2/dist/eventstream_rpc.js';
import { type Client, createClient, createDefaultClientConfig } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';
import { FailureHandlingPolicy, type LocalDeployment, QOS, ReceiveMode } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { within } from '../../components/common/within.ts';
import type { CliInfo } from './cli-info.ts';
import type { Order } from './order.ts';
import type { ComponentStatus, DeploymentStatus } from './target.ts';

/** A message of a topic. */
export type TopicMessage = { readonly topic: string; readonly payload: Uint8Array };

/** What the command-line interface of a nucleus offers, over Greengrass IPC. */
export type CliIpc = {
  createDeployment(order: Order): Promise<string>;
  deploymentStatus(id: string): Promise<DeploymentStatus>;
  listDeployments(): Promise<DeploymentStatus[]>;
  listComponents(): Promise<ComponentStatus[]>;
  /** @param document JSON text as IoT Core takes it, with `state` on top */
  updateShadow(thing: string, shadow: string, document: string): Promise<void>;
  /** Messages of a topic of this device, or of AWS IoT Core; wildcards are those of MQTT. */
  subscribe(filter: string, options: { ioTCore: boolean; onMessage: (message: TopicMessage) => void }): Promise<void>;
  /** Resolves with the reason when the connection ends in any way but `close`. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
};

const timeoutMs = 30_000;

/**
 * Connects as a command line, as greengrass-cli does.
 *
 * @throws FescueError `unavailable` when no nucleus answers or it does not take the token. The methods reject with
 * `failed-precondition` when the nucleus refuses, else with `unavailable`.
 */
export async function connectCliIpc(info: CliInfo): Promise<CliIpc> {
  const client = await connectCliClient(info);
  const lost = Promise.withResolvers<string>();
  client.on('disconnection', (event) => lost.resolve(event?.reason === undefined ? 'the nucleus closed it' : messageOf(event.reason)));
  return new SdkCliIpc(client, lost.promise);
}

/** AWS's own client, connected as a command line. @throws FescueError `unavailable` as `connectCliIpc` */
export async function connectCliClient({ token, socketPath }: CliInfo): Promise<Client> {
  const client = createClient({
    ...createDefaultClientConfig(),
    hostName: socketPath,
    connectTransform: async ({ message }) => ({ ...message, payload: JSON.stringify({ authToken: token }) }),
  });
  try {
    await call(`The connection to the nucleus at ${socketPath}`, client.connect());
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

class SdkCliIpc implements CliIpc {
  readonly lost: Promise<string>;
  readonly #client: Client;

  constructor(client: Client, lost: Promise<string>) {
    this.lost = lost;
    this.#client = client;
  }

  async createDeployment(order: Order): Promise<string> {
    const { deploymentId } = await call('CreateLocalDeployment', this.#client.createLocalDeployment(requestOf(order)));
    if (deploymentId === undefined) throw new FescueError('unavailable', 'The nucleus gave the deployment no id. Use a nucleus that serves CreateLocalDeployment.');
    return deploymentId;
  }

  async deploymentStatus(id: string): Promise<DeploymentStatus> {
    const { deployment } = await call(`GetLocalDeploymentStatus of ${id}`, this.#client.getLocalDeploymentStatus({ deploymentId: id }));
    return statusOf(deployment);
  }

  async listDeployments(): Promise<DeploymentStatus[]> {
    const { localDeployments } = await call('ListLocalDeployments', this.#client.listLocalDeployments({}));
    return (localDeployments ?? []).map(statusOf);
  }

  async listComponents(): Promise<ComponentStatus[]> {
    const { components } = await call('ListComponents', this.#client.listComponents({}));
    return (components ?? []).map(({ componentName, version, state }) => ({ name: componentName, version: version ?? '', state }));
  }

  async updateShadow(thingName: string, shadowName: string, payload: string): Promise<void> {
    await call(`UpdateThingShadow of ${thingName}`, this.#client.updateThingShadow({ thingName, shadowName, payload }));
  }

  async subscribe(filter: string, { ioTCore, onMessage }: { ioTCore: boolean; onMessage: (message: TopicMessage) => void }): Promise<void> {
    return ioTCore ? this.#subscribeToIoTCore(filter, onMessage) : this.#subscribeToTopic(filter, onMessage);
  }

  async #subscribeToTopic(topic: string, onMessage: (message: TopicMessage) => void): Promise<void> {
    const messages = this.#client.subscribeToTopic({ topic, receiveMode: ReceiveMode.RECEIVE_ALL_MESSAGES });
    messages.on('message', ({ jsonMessage, binaryMessage }) => {
      const payload = jsonMessage === undefined ? (binaryMessage?.message ?? '') : JSON.stringify(jsonMessage.message);
      onMessage({ topic: jsonMessage?.context?.topic ?? binaryMessage?.context?.topic ?? topic, payload: bytesOf(payload) });
    });
    await call(`SubscribeToTopic on ${topic}`, messages.activate());
  }

  async #subscribeToIoTCore(topicName: string, onMessage: (message: TopicMessage) => void): Promise<void> {
    const messages = this.#client.subscribeToIoTCore({ topicName, qos: QOS.AT_LEAST_ONCE });
    messages.on('message', ({ message }) => onMessage({ topic: message?.topicName ?? topicName, payload: bytesOf(message?.payload ?? '') }));
    await call(`SubscribeToIoTCore on ${topicName}`, messages.activate());
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

function requestOf(order: Order): Parameters<Client['createLocalDeployment']>[0] {
  return {
    rootComponentVersionsToAdd: new Map(Object.entries(order.add)),
    rootComponentsToRemove: [...order.remove],
    componentToConfiguration: new Map(Object.entries(order.configuration)),
    failureHandlingPolicy: order.onFailure === 'nothing' ? FailureHandlingPolicy.DO_NOTHING : FailureHandlingPolicy.ROLLBACK,
    ...(order.group === undefined ? {} : { groupName: order.group }),
    ...(order.folders === undefined ? {} : { recipeDirectoryPath: order.folders.recipeDir, artifactsDirectoryPath: order.folders.artifactDir }),
  };
}

function statusOf({ deploymentId, status, createdOn, deploymentStatusDetails }: LocalDeployment): DeploymentStatus {
  return { id: deploymentId, state: status, createdOn, reason: deploymentStatusDetails?.deploymentFailureCause };
}

function bytesOf(payload: unknown): Uint8Array {
  if (typeof payload === 'string') return Buffer.from(payload);
  return payload instanceof ArrayBuffer ? new Uint8Array(payload) : ArrayBuffer.isView(payload) ? new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength) : new Uint8Array();
}

async function call<Response>(subject: string, response: Promise<Response>): Promise<Response> {
  try {
    return await within(timeoutMs, response, () => new Error(`no answer within ${timeoutMs / 1000} s`));
  } catch (error) {
    if (!(error instanceof RpcError) || error.type !== RpcErrorType.ServiceError) throw new FescueError('unavailable', `${subject} failed: ${messageOf(error)}. See that the nucleus runs.`, { cause: error });
    const refusal: unknown = error.serviceError;
    const reason = typeof refusal === 'object' && refusal !== null && 'message' in refusal && typeof refusal.message === 'string' ? refusal.message : 'no reason given';
    throw new FescueError('failed-precondition', `${subject} was refused by the nucleus: ${reason}`, { cause: error });
  }
}
