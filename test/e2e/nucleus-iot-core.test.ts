import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';
import { QOS } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import { expect, test } from 'vitest';
import { readShadows } from '../../scripts/local-nucleus/read-shadows.ts';
import { clientOf, printToken } from '../helpers/ipc-client.ts';
import { eventually } from '../helpers/use-agent.ts';
import { recipeOf, type TestNucleus, useNucleus } from '../helpers/use-nucleus.ts';

const accessControl = { 'aws.greengrass.ipc.mqttproxy': { all: { operations: ['*'], resources: ['*'] } } };
const shadow = '$aws/things/camera-1/shadow/name/fescue';

type Cloud = { client: Client; nucleus: TestNucleus; publish: (topic: string, message: object | string) => Promise<void>; received: (topic: string) => unknown[] };

/** A component that may publish everywhere, and hears all of a shadow. */
async function useCloud(): Promise<Cloud> {
  const nucleus = await useNucleus();
  await nucleus.deploy({ recipes: [recipeOf('one', { lifecycle: { startup: printToken }, configuration: { accessControl } })], components: { one: '1.0.0' } });
  await eventually(() => nucleus.output('one').length === 1, 'the token');
  const client = await clientOf(nucleus, 'one');
  const messages: { topic: string; content: unknown }[] = [];
  const stream = client.subscribeToIoTCore({ topicName: `${shadow}/+/+`, qos: QOS.AT_LEAST_ONCE });
  stream.on('message', ({ message }) => messages.push({ topic: message?.topicName.slice(shadow.length + 1) ?? '', content: JSON.parse(Buffer.from(message?.payload as ArrayBuffer).toString()) }));
  await stream.activate();
  return {
    client,
    nucleus,
    publish: async (topic, message) => void (await client.publishToIoTCore({ topicName: topic, qos: QOS.AT_LEAST_ONCE, payload: typeof message === 'string' ? message : JSON.stringify(message) })),
    received: (topic) => messages.flatMap((one) => (one.topic === topic ? [one.content] : [])),
  };
}

test('a shadow is changed, read and deleted by publishing on its topics, and answers there', async () => {
  const { publish, received, nucleus } = await useCloud();
  await publish(`${shadow}/update`, { state: { reported: { state: 'running', models: [{ alias: 'a' }] }, desired: { state: 'stopping' } }, clientToken: 'mine' });
  await eventually(() => received('update/documents').length === 1, 'the answers');
  expect(received('update/accepted')).toEqual([expect.objectContaining({ version: 1, clientToken: 'mine', state: { reported: { state: 'running', models: [{ alias: 'a' }] }, desired: { state: 'stopping' } } })]);
  expect(received('update/delta')).toEqual([expect.objectContaining({ state: { state: 'stopping' } })]);
  await publish(`${shadow}/update`, { state: { reported: { state: null, models: [] } } });
  await publish(`${shadow}/get`, '');
  await eventually(() => received('get/accepted').length === 1, 'the document');
  expect(received('get/accepted')).toEqual([expect.objectContaining({ state: expect.objectContaining({ reported: { models: [] } }) as object, version: 2 })]);
  const shadows = [];
  for await (const one of readShadows({ root: nucleus.nucleus.root, shadow: 'fescue', onNote: () => undefined })) shadows.push(one);
  expect(shadows).toMatchObject([{ thing: 'camera-1' }]);
  await publish(`${shadow}/delete`, '');
  await publish(`${shadow}/get`, '');
  await eventually(() => received('get/rejected').length === 1, 'the refusal');
  expect(received('get/rejected')).toEqual([{ code: 404, message: 'No shadow found', timestamp: expect.any(Number) as number }]);
});

test.each([
  [400, 'is no JSON', '{', undefined],
  [400, 'has no state', JSON.stringify({ clientToken: 'mine' }), undefined],
  [400, 'is too deep', JSON.stringify({ state: { reported: { a: { b: { c: { d: { e: { f: { g: { h: {} } } } } } } } } } }), undefined],
  [409, 'names another version', JSON.stringify({ state: { reported: { a: 2 } }, version: 7, clientToken: 'mine' }), 'mine'],
  [413, 'is too large', JSON.stringify({ state: { reported: { a: 'x'.repeat(9_000) } }, clientToken: 'mine' }), 'mine'],
])('a change that cannot be is rejected with %d: one that %s', async (code, _, text, clientToken) => {
  const { publish, received } = await useCloud();
  await publish(`${shadow}/update`, { state: { reported: { a: 1 } } });
  await publish(`${shadow}/update`, text);
  await eventually(() => received('update/rejected').length === 1, 'the refusal');
  expect(received('update/rejected')).toEqual([{ code, message: expect.any(String) as string, timestamp: expect.any(Number) as number, ...(clientToken === undefined ? {} : { clientToken }) }]);
  expect(received('update/accepted')).toHaveLength(1);
});

test('heartbeats of any device are kept in a file, and so are neither other messages nor the answers of shadows', async () => {
  const { publish, nucleus } = await useCloud();
  await publish('fescue/fleet/lobby/camera-2/heartbeat', { device: 'camera-2' });
  await publish('fescue/fleet/lobby/camera-3/heartbeat', 'no JSON');
  await publish('fescue/fleet/lobby/camera-2/other', {});
  await publish(`${shadow}/update`, { state: { reported: {} } });
  const path = join(nucleus.nucleus.root, 'heartbeats.jsonl');
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
  const receivedAt = expect.any(Number) as number;
  expect(lines).toEqual([
    { topic: 'fescue/fleet/lobby/camera-2/heartbeat', receivedAt, payload: { device: 'camera-2' } },
    { topic: 'fescue/fleet/lobby/camera-3/heartbeat', receivedAt, payload: 'no JSON' },
  ]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(nucleus.nucleus.iotCoreMessages()).toHaveLength(4);
});
