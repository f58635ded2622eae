import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createClient } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';
import { type ConfigurationUpdateEvents, type IoTCoreMessage, QOS, ReceiveMode, ReportedLifecycleState, type SubscriptionResponseMessage } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import { expect, test, vi } from 'vitest';
import { connectGreengrassIpc } from '../../components/common/greengrass-ipc.ts';
import { encodeMessage, messageFlags, messageTypes, readMessages, type RpcMessage } from '../../scripts/local-nucleus/event-stream.ts';
import { asComponent, clientOf, printToken } from '../helpers/ipc-client.ts';
import { eventually } from '../helpers/use-agent.ts';
import { recipeOf, type TestNucleus, useNucleus } from '../helpers/use-nucleus.ts';

// The client here is AWS's own, unmodified: what it accepts is what a device's nucleus would send.

const policy = (id: string, operations: string[], resources: string[]): object => ({ [id]: { operations: operations.map((one) => `aws.greengrass#${one}`), resources } });

const accessControl = {
  'aws.greengrass.ipc.mqttproxy': policy('cloud', ['PublishToIoTCore', 'SubscribeToIoTCore'], ['door/+/open', 'cloud/#']),
  'aws.greengrass.ipc.pubsub': {
    ...policy('both', ['PublishToTopic', 'SubscribeToTopic'], ['local/*']),
    ...policy('publish', ['PublishToTopic'], ['news']),
  },
};

/** A nucleus with the components `one` and `two`, both of which may publish. */
async function useComponents(): Promise<TestNucleus> {
  const nucleus = await useNucleus();
  const configuration = { accessControl, Word: 'hello', Nested: { Number: 1, List: [1, 2] } };
  const lifecycle = { startup: printToken };
  await nucleus.deploy({ recipes: [recipeOf('one', { configuration, lifecycle }), recipeOf('two', { configuration, lifecycle })], components: { one: '1.0.0', two: '1.0.0' } });
  await eventually(() => nucleus.output('one').length === 1 && nucleus.output('two').length === 1, 'the tokens');
  return nucleus;
}

const text = (payload: unknown): string => Buffer.from(payload as ArrayBuffer).toString();

test('GetConfiguration gives objects as they are and leaves with their key, in any case', async () => {
  const client = await clientOf(await useComponents(), 'one');
  expect((await client.getConfiguration({ keyPath: [] })).value).toEqual({ accessControl, Word: 'hello', Nested: { Number: 1, List: [1, 2] } });
  expect(await client.getConfiguration({ keyPath: ['nested'] })).toEqual({ componentName: 'one', value: { Number: 1, List: [1, 2] } });
  expect((await client.getConfiguration({ componentName: 'two', keyPath: ['Nested', 'number'] })).value).toEqual({ Number: 1 });
  await expect(client.getConfiguration({ keyPath: ['Missing'] })).rejects.toMatchObject({ serviceError: { message: 'Key not found' } });
  await expect(client.getConfiguration({ componentName: 'three', keyPath: [] })).rejects.toMatchObject({ serviceError: { message: 'Key not found' } });
});

test('UpdateConfiguration merges, tells subscribers the changed leaves, and refuses the past and accessControl', async () => {
  const nucleus = await useComponents();
  const [one, two] = [await clientOf(nucleus, 'one'), await clientOf(nucleus, 'two')];
  const changes: ConfigurationUpdateEvents[] = [];
  const stream = two.subscribeToConfigurationUpdate({ componentName: 'one', keyPath: ['Nested'] });
  stream.on('message', (message) => changes.push(message));
  await stream.activate();
  const now = new Date();
  await one.updateConfiguration({ keyPath: [], timestamp: now, valueToMerge: { Nested: { Number: 2 }, Word: 'changed' } });
  await eventually(() => changes.length === 1, 'the change');
  expect(changes).toEqual([{ configurationUpdateEvent: { componentName: 'one', keyPath: ['Nested', 'Number'] } }]);
  expect((await two.getConfiguration({ componentName: 'one', keyPath: [] })).value).toMatchObject({ Word: 'changed', Nested: { Number: 2, List: [1, 2] } });

  const earlier = one.updateConfiguration({ keyPath: ['Nested'], timestamp: new Date(now.getTime() - 1000), valueToMerge: { Number: 3 } });
  await expect(earlier).rejects.toMatchObject({ serviceError: { message: expect.stringMatching(/later change/) as string } });
  const own = one.updateConfiguration({ keyPath: ['accessControl'], timestamp: new Date(), valueToMerge: {} });
  await expect(own).rejects.toMatchObject({ serviceError: { message: expect.stringMatching(/own accessControl/) as string } });

  await stream.close();
  await one.updateConfiguration({ keyPath: ['Nested'], timestamp: new Date(), valueToMerge: { Number: 4 } });
  await one.getConfiguration({ keyPath: [] });
  expect(changes.length).toBe(1);
});

test('messages to and from AWS IoT Core', async () => {
  const nucleus = await useComponents();
  const [one, two] = [await clientOf(nucleus, 'one'), await clientOf(nucleus, 'two')];
  const received: IoTCoreMessage[] = [];
  const stream = two.subscribeToIoTCore({ topicName: 'door/+/open', qos: QOS.AT_LEAST_ONCE });
  stream.on('message', (message) => received.push(message));
  await stream.activate();
  await one.publishToIoTCore({ topicName: 'door/7/open', qos: QOS.AT_LEAST_ONCE, payload: 'wide' });
  await eventually(() => received.length === 1, 'the message');
  expect(received[0]?.message?.topicName).toBe('door/7/open');
  expect(text(received[0]?.message?.payload)).toBe('wide');
  expect(nucleus.nucleus.iotCoreMessages().map(({ topic, from, payload }) => ({ topic, from, text: text(payload) }))).toEqual([{ topic: 'door/7/open', from: 'one', text: 'wide' }]);
});

test('messages between components, as JSON and as bytes', async () => {
  const nucleus = await useComponents();
  const [one, two] = [await clientOf(nucleus, 'one'), await clientOf(nucleus, 'two')];
  const received: Record<string, SubscriptionResponseMessage[]> = { others: [], all: [] };
  for (const [name, client, receiveMode] of [['others', one, ReceiveMode.RECEIVE_MESSAGES_FROM_OTHERS], ['all', two, ReceiveMode.RECEIVE_ALL_MESSAGES]] as const) {
    const stream = client.subscribeToTopic({ topic: 'local/news', receiveMode });
    stream.on('message', (message) => received[name]?.push(message));
    await stream.activate();
  }
  await one.publishToTopic({ topic: 'local/news', publishMessage: { jsonMessage: { message: { number: 1 } } } });
  await two.publishToTopic({ topic: 'local/news', publishMessage: { binaryMessage: { message: 'bytes' } } });
  await eventually(() => received.all?.length === 2 && received.others?.length === 1, 'the messages');
  expect(received.all?.[0]?.jsonMessage).toEqual({ message: { number: 1 }, context: { topic: 'local/news' } });
  expect(text(received.others?.[0]?.binaryMessage?.message)).toBe('bytes');
});

test('what accessControl does not allow is refused', async () => {
  const client = await clientOf(await useComponents(), 'one');
  const refused = { serviceError: { message: expect.stringMatching(/^Principal one is not authorized to perform aws\.greengrass\.ipc/) as string } };
  await expect(client.publishToIoTCore({ topicName: 'window/7/open', qos: QOS.AT_LEAST_ONCE, payload: '' })).rejects.toMatchObject(refused);
  await expect(client.publishToTopic({ topic: 'elsewhere', publishMessage: { jsonMessage: { message: {} } } })).rejects.toMatchObject(refused);
  await expect(client.subscribeToTopic({ topic: '#' }).activate()).rejects.toMatchObject(refused);
  // Allowed to publish is not allowed to listen.
  await expect(client.subscribeToTopic({ topic: 'news' }).activate()).rejects.toMatchObject(refused);
  await client.publishToTopic({ topic: 'news', publishMessage: { jsonMessage: { message: {} } } });
  // Real nuclei answer so too, although the client's model of this operation lacks the error.
  await expect(client.publishToTopic({ topic: 'local/+', publishMessage: { jsonMessage: { message: {} } } })).rejects.toThrow(/InvalidArgumentsError/);
});

test('UpdateState drives the life of a component', async () => {
  const nucleus = await useNucleus();
  const lifecycle = { startup: `${printToken}; exec sleep 1000` };
  const deployed = nucleus.deploy({ recipes: [recipeOf('one', { lifecycle })], components: { one: '1.0.0' } });
  await eventually(() => nucleus.output('one').length === 1, 'the token');
  const client = await clientOf(nucleus, 'one');
  expect(nucleus.state('one')).toBe('STARTING');
  await client.updateState({ state: ReportedLifecycleState.RUNNING });
  await deployed;
  expect(nucleus.state('one')).toBe('RUNNING');
  await client.updateState({ state: ReportedLifecycleState.ERRORED });
  await eventually(() => nucleus.output('one').length === 2, 'the restart');
});

test('an operation that is not served, and a token nobody has, are refused', async () => {
  const nucleus = await useComponents();
  const client = await clientOf(nucleus, 'one');
  await expect(client.pauseComponent({ componentName: 'two' })).rejects.toMatchObject({ serviceError: { message: expect.stringMatching(/PauseComponent is not supported/) as string } });
  vi.stubEnv('SVCUID', 'AAAABBBBCCCCDDDD');
  await expect(createClient().connect()).rejects.toThrow();
});

test('bytes that are no event stream end only their own connection', async () => {
  const nucleus = await useComponents();
  const path = join(nucleus.nucleus.root, 'ipc.socket');
  const socket = connect(path);
  const answers: RpcMessage[] = [];
  readMessages(socket, (message) => answers.push(message), () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: nucleus\r\n\r\n');
  await once(socket, 'close');
  expect(answers.map(({ type }) => type)).toEqual([messageTypes.protocolError]);

  const pinging = connect(path);
  readMessages(pinging, (message) => answers.push(message), () => undefined);
  const ping = encodeMessage({ type: messageTypes.ping, flags: 0, streamId: 0, headers: { mine: 'x' }, payload: new TextEncoder().encode('echo') });
  // In two pieces, as a busy socket delivers it.
  pinging.write(ping.subarray(0, 9));
  setTimeout(() => pinging.write(ping.subarray(9)), 20);
  await eventually(() => answers.length === 2, 'the answer to the ping');
  expect(answers[1]).toMatchObject({ type: messageTypes.pingResponse, headers: { mine: 'x' } });
  expect(text(answers[1]?.payload)).toBe('echo');
  pinging.destroy();
});

test('answers as the classic nucleus does, message by message', async () => {
  const nucleus = await useComponents();
  const socket = connect(join(nucleus.nucleus.root, 'ipc.socket'));
  const answers: RpcMessage[] = [];
  readMessages(socket, (message) => answers.push(message), () => undefined);
  const send = (type: number, streamId: number, payload: object, headers: Record<string, string> = {}, flags = 0): void => {
    socket.write(encodeMessage({ type, flags, streamId, headers, payload: new TextEncoder().encode(JSON.stringify(payload)) }));
  };
  send(messageTypes.connect, 0, { authToken: nucleus.output('one')[0]?.slice('token '.length) }, { ':version': '0.1.0' });
  send(messageTypes.application, 1, { keyPath: ['Word'] }, { operation: 'aws.greengrass#GetConfiguration' });
  send(messageTypes.application, 2, { keyPath: [] }, { operation: 'aws.greengrass#SubscribeToConfigurationUpdate' });
  send(messageTypes.application, 3, { topic: 'local/a' }, { operation: 'aws.greengrass#PublishToTopic' });
  await eventually(() => answers.length === 4, 'the answers');
  const json = { ':content-type': 'application/json' };
  expect(answers.map(({ payload, ...rest }) => ({ ...rest, payload: payload.length === 0 ? undefined : (JSON.parse(text(payload)) as unknown) }))).toEqual([
    { type: messageTypes.connectAck, flags: messageFlags.connectionAccepted, streamId: 0, headers: {}, payload: undefined },
    { type: messageTypes.application, flags: messageFlags.terminateStream, streamId: 1, headers: { ...json, 'service-model-type': 'aws.greengrass#GetConfigurationResponse' }, payload: { componentName: 'one', value: { Word: 'hello' } } },
    { type: messageTypes.application, flags: messageFlags.none, streamId: 2, headers: { ...json, 'service-model-type': 'aws.greengrass#SubscribeToConfigurationUpdateResponse' }, payload: {} },
    {
      type: messageTypes.applicationError,
      flags: messageFlags.terminateStream,
      streamId: 3,
      headers: { ...json, 'service-model-type': 'aws.greengrass#InvalidArgumentsError' },
      payload: { message: expect.stringMatching(/publishMessage/) as string, _service: 'aws.greengrass#GreengrassCoreIPC', _message: expect.any(String) as string, _errorCode: 'InvalidArgumentsError' },
    },
  ]);
  // Ids are never reused, and never skipped.
  send(messageTypes.application, 9, {}, { operation: 'aws.greengrass#GetConfiguration' });
  await once(socket, 'close');
  expect(answers.at(-1)).toMatchObject({ type: messageTypes.protocolError });
});

test("the components' own client", async () => {
  const nucleus = await useComponents();
  asComponent(nucleus, 'one');
  const ipc = await connectGreengrassIpc({ timeoutMs: 5_000 });
  expect(await ipc.getConfiguration()).toMatchObject({ Word: 'hello' });
  expect(await ipc.getConfiguration('two')).toMatchObject({ Word: 'hello' });
  expect(await ipc.getConfiguration('three')).toBeUndefined();
  await ipc.publishToIotCore('cloud/a/b', new TextEncoder().encode('payload'));
  await ipc.publishToTopic('local/x', { any: 1 });
  expect(nucleus.nucleus.iotCoreMessages().length).toBe(1);
  await expect(ipc.publishToIotCore('window', new Uint8Array())).rejects.toMatchObject({ kind: 'failed-precondition', message: expect.stringMatching(/refused by the nucleus: Principal one.*accessControl/) as string });
  await nucleus.nucleus.stop();
  expect(await ipc.lost).toMatch(/./);
  await expect(ipc.publishToIotCore('cloud/a', new Uint8Array())).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(connectGreengrassIpc({ timeoutMs: 5_000 })).rejects.toMatchObject({ kind: 'unavailable' });
});
