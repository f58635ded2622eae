import { z } from 'zod';
import { isAllowed } from './access-control.ts';
import { type ConfigStore, isJsonObject, type JsonObject } from './config-store.ts';
import { hasWildcard, type TopicMessage, type Topics } from './topics.ts';

/** A message between components: JSON, or bytes as base64. */
export type LocalMessage = { readonly topic: string; readonly from: string; readonly content: JsonObject };

/** What the operations act on. */
export type IpcServices = {
  readonly configurations: ConfigStore;
  readonly iotCore: Topics<TopicMessage>;
  readonly local: Topics<LocalMessage>;
  readonly reportState: (component: string, state: 'RUNNING' | 'ERRORED') => void;
};

/** A request, who made it, and, for subscriptions, the way to send events and to hear of the end. */
export type IpcCall = {
  readonly component: string;
  readonly request: unknown;
  readonly emit: (shape: string, event: JsonObject) => void;
  readonly onClose: (listener: () => void) => void;
};

export type IpcErrorName = 'UnauthorizedError' | 'ResourceNotFoundError' | 'InvalidArgumentsError' | 'FailedUpdateConditionCheckError' | 'ServiceError';

/** A refusal in the protocol's own terms. */
export class IpcError extends Error {
  readonly errorName: IpcErrorName;

  constructor(errorName: IpcErrorName, message: string) {
    super(message);
    this.errorName = errorName;
  }
}

/** An operation; a streaming one keeps its stream open after the response. */
export type IpcOperation = { readonly streaming: boolean; readonly run: (call: IpcCall, services: IpcServices) => JsonObject };

const keyPath = z.array(z.string()).nullish().transform((path) => path ?? []);
const base64 = z.base64();
const topic = z.string().min(1).max(256);
const qos = z.enum(['0', '1']);

const publishToIoTCore = z.looseObject({ topicName: topic, qos, payload: base64.nullish() });
const subscribeToIoTCore = z.looseObject({ topicName: topic, qos });
const publishToTopic = z.looseObject({
  topic,
  publishMessage: z.union([
    z.object({ jsonMessage: z.looseObject({ message: z.record(z.string(), z.json()) }) }),
    z.object({ binaryMessage: z.looseObject({ message: base64 }) }),
  ]),
});
const subscribeToTopic = z.looseObject({ topic, receiveMode: z.enum(['RECEIVE_ALL_MESSAGES', 'RECEIVE_MESSAGES_FROM_OTHERS']).nullish() });
const getConfiguration = z.looseObject({ componentName: z.string().nullish(), keyPath });
const updateConfiguration = z.looseObject({ keyPath, timestamp: z.number(), valueToMerge: z.json() });
const updateState = z.looseObject({ state: z.enum(['RUNNING', 'ERRORED']) });

const mqttProxy = 'aws.greengrass.ipc.mqttproxy';
const pubSub = 'aws.greengrass.ipc.pubsub';

/** The operations served, by the name after `aws.greengrass#`. */
export const ipcOperations: Readonly<Record<string, IpcOperation>> = {
  PublishToIoTCore: { streaming: false, run: runPublishToIoTCore },
  SubscribeToIoTCore: { streaming: true, run: runSubscribeToIoTCore },
  PublishToTopic: { streaming: false, run: runPublishToTopic },
  SubscribeToTopic: { streaming: true, run: runSubscribeToTopic },
  GetConfiguration: { streaming: false, run: runGetConfiguration },
  UpdateConfiguration: { streaming: false, run: runUpdateConfiguration },
  SubscribeToConfigurationUpdate: { streaming: true, run: runSubscribeToConfigurationUpdate },
  UpdateState: { streaming: false, run: runUpdateState },
};

function runPublishToIoTCore(call: IpcCall, services: IpcServices): JsonObject {
  const { topicName, payload } = parse(publishToIoTCore, call.request);
  authorize(call, services, mqttProxy, 'PublishToIoTCore', topicName);
  if (hasWildcard(topicName)) throw new IpcError('InvalidArgumentsError', `Topic "${topicName}" holds a wildcard; expected a topic name to publish to.`);
  services.iotCore.publish({ topic: topicName, payload: Buffer.from(payload ?? '', 'base64'), from: call.component });
  return {};
}

function runSubscribeToIoTCore(call: IpcCall, services: IpcServices): JsonObject {
  const { topicName } = parse(subscribeToIoTCore, call.request);
  authorize(call, services, mqttProxy, 'SubscribeToIoTCore', topicName);
  const end = services.iotCore.subscribe(topicName, (message) => {
    call.emit('IoTCoreMessage', { message: { topicName: message.topic, payload: Buffer.from(message.payload).toString('base64') } });
  });
  call.onClose(end);
  return {};
}

function runPublishToTopic(call: IpcCall, services: IpcServices): JsonObject {
  const { topic: to, publishMessage } = parse(publishToTopic, call.request);
  authorize(call, services, pubSub, 'PublishToTopic', to);
  if (/[+#*]/.test(to)) throw new IpcError('InvalidArgumentsError', `Topic "${to}" holds a wildcard; expected a topic name to publish to.`);
  services.local.publish({ topic: to, from: call.component, content: publishMessage as JsonObject });
  return {};
}

function runSubscribeToTopic(call: IpcCall, services: IpcServices): JsonObject {
  const { topic: filter, receiveMode } = parse(subscribeToTopic, call.request);
  authorize(call, services, pubSub, 'SubscribeToTopic', filter);
  const fromOthersOnly = (receiveMode ?? (hasWildcard(filter) ? 'RECEIVE_MESSAGES_FROM_OTHERS' : '')) === 'RECEIVE_MESSAGES_FROM_OTHERS';
  const end = services.local.subscribe(filter, (message) => {
    if (fromOthersOnly && message.from === call.component) return;
    const parts = Object.entries(message.content).map(([kind, part]) => [kind, { ...(isJsonObject(part) ? part : {}), context: { topic: message.topic } }] as const);
    call.emit('SubscriptionResponseMessage', Object.fromEntries(parts));
  });
  call.onClose(end);
  return {};
}

function runGetConfiguration(call: IpcCall, services: IpcServices): JsonObject {
  const { componentName, keyPath: path } = parse(getConfiguration, call.request);
  const component = componentName ?? call.component;
  const found = find(services, component, path);
  return { componentName: component, value: isJsonObject(found.value) ? found.value : { [found.key]: found.value } };
}

function runUpdateConfiguration(call: IpcCall, services: IpcServices): JsonObject {
  const { keyPath: path, timestamp, valueToMerge } = parse(updateConfiguration, call.request);
  const touched = path[0] === undefined && isJsonObject(valueToMerge) ? Object.keys(valueToMerge) : path.slice(0, 1);
  if (touched.some((name) => name.toLowerCase() === 'accesscontrol')) throw new IpcError('InvalidArgumentsError', 'A component cannot change its own accessControl.');
  if (!isJsonObject(valueToMerge) && path.length === 0) throw new IpcError('InvalidArgumentsError', 'valueToMerge has to be an object when keyPath is empty.');
  if (!services.configurations.merge(call.component, path, valueToMerge, timestamp * 1000)) {
    throw new IpcError('FailedUpdateConditionCheckError', 'A later change of this configuration is already stored.');
  }
  return {};
}

function runSubscribeToConfigurationUpdate(call: IpcCall, services: IpcServices): JsonObject {
  const { componentName, keyPath: path } = parse(getConfiguration, call.request);
  const component = componentName ?? call.component;
  find(services, component, path);
  const end = services.configurations.subscribe(component, path, (changed) => {
    call.emit('ConfigurationUpdateEvents', { configurationUpdateEvent: { componentName: component, keyPath: changed } });
  });
  call.onClose(end);
  return {};
}

function runUpdateState(call: IpcCall, services: IpcServices): JsonObject {
  services.reportState(call.component, parse(updateState, call.request).state);
  return {};
}

function find(services: IpcServices, component: string, path: readonly string[]): { key: string; value: JsonObject[string] } {
  const found = services.configurations.get(component) === undefined ? undefined : services.configurations.find(component, path);
  if (found === undefined) throw new IpcError('ResourceNotFoundError', 'Key not found');
  return found;
}

function authorize(call: IpcCall, services: IpcServices, service: string, name: string, resource: string): void {
  const operation = `aws.greengrass#${name}`;
  if (isAllowed({ component: call.component, service, operation, resource }, services.configurations)) return;
  throw new IpcError('UnauthorizedError', `Principal ${call.component} is not authorized to perform ${service}:${operation} on resource ${resource}`);
}

function parse<Schema extends z.ZodType>(schema: Schema, request: unknown): z.output<Schema> {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  throw new IpcError('InvalidArgumentsError', parsed.error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`).join('; '));
}
