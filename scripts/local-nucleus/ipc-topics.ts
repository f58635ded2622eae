import { z } from 'zod';
import { isJsonObject, type JsonObject } from './config-store.ts';
import { type Authorize, type IpcCall, IpcError, type IpcOperations, parse } from './ipc-call.ts';
import type { LocalIotCore } from './iot-core.ts';
import { hasWildcard, type Topics } from './topics.ts';

/** A message between components: JSON, or bytes as base64. */
export type LocalMessage = { readonly topic: string; readonly from: string; readonly content: JsonObject };

export type TopicServices = { readonly authorize: Authorize; readonly iotCore: Pick<LocalIotCore, 'publish' | 'subscribe'>; readonly local: Topics<LocalMessage> };

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

const mqttProxy = 'aws.greengrass.ipc.mqttproxy';
const pubSub = 'aws.greengrass.ipc.pubsub';

/** Publish and subscribe, with AWS IoT Core and between components. */
export function topicOperations(services: TopicServices): IpcOperations {
  return {
    PublishToIoTCore: { streaming: false, run: (call) => runPublishToIoTCore(call, services) },
    SubscribeToIoTCore: { streaming: true, run: (call) => runSubscribeToIoTCore(call, services) },
    PublishToTopic: { streaming: false, run: (call) => runPublishToTopic(call, services) },
    SubscribeToTopic: { streaming: true, run: (call) => runSubscribeToTopic(call, services) },
  };
}

function runPublishToIoTCore(call: IpcCall, services: TopicServices): JsonObject {
  const { topicName, payload } = parse(publishToIoTCore, call.request);
  services.authorize(call, { service: mqttProxy, operation: 'PublishToIoTCore', resource: topicName });
  if (hasWildcard(topicName)) throw new IpcError('InvalidArgumentsError', `Topic "${topicName}" holds a wildcard; expected a topic name to publish to.`);
  services.iotCore.publish({ topic: topicName, payload: Buffer.from(payload ?? '', 'base64'), from: call.component });
  return {};
}

function runSubscribeToIoTCore(call: IpcCall, services: TopicServices): JsonObject {
  const { topicName } = parse(subscribeToIoTCore, call.request);
  services.authorize(call, { service: mqttProxy, operation: 'SubscribeToIoTCore', resource: topicName });
  const end = services.iotCore.subscribe(topicName, (message) => {
    call.emit('IoTCoreMessage', { message: { topicName: message.topic, payload: Buffer.from(message.payload).toString('base64') } });
  });
  call.onClose(end);
  return {};
}

function runPublishToTopic(call: IpcCall, services: TopicServices): JsonObject {
  const { topic: to, publishMessage } = parse(publishToTopic, call.request);
  services.authorize(call, { service: pubSub, operation: 'PublishToTopic', resource: to });
  if (/[+#*]/.test(to)) throw new IpcError('InvalidArgumentsError', `Topic "${to}" holds a wildcard; expected a topic name to publish to.`);
  services.local.publish({ topic: to, from: call.component, content: publishMessage as JsonObject });
  return {};
}

function runSubscribeToTopic(call: IpcCall, services: TopicServices): JsonObject {
  const { topic: filter, receiveMode } = parse(subscribeToTopic, call.request);
  services.authorize(call, { service: pubSub, operation: 'SubscribeToTopic', resource: filter });
  const fromOthersOnly = (receiveMode ?? (hasWildcard(filter) ? 'RECEIVE_MESSAGES_FROM_OTHERS' : '')) === 'RECEIVE_MESSAGES_FROM_OTHERS';
  const end = services.local.subscribe(filter, (message) => {
    if (fromOthersOnly && message.from === call.component) return;
    const parts = Object.entries(message.content).map(([kind, part]) => [kind, { ...(isJsonObject(part) ? part : {}), context: { topic: message.topic } }] as const);
    call.emit('SubscriptionResponseMessage', Object.fromEntries(parts));
  });
  call.onClose(end);
  return {};
}
