import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';
import { expect, test } from 'vitest';
import { clientOf, printToken } from '../helpers/ipc-client.ts';
import { eventually } from '../helpers/use-agent.ts';
import { recipeOf, type TestNucleus, useNucleus } from '../helpers/use-nucleus.ts';

const thingName = 'robot-1';
const prefix = `$aws/things/${thingName}/shadow`;
const accessControl = {
  'aws.greengrass.ShadowManager': {
    all: { operations: ['*'], resources: [prefix, `${prefix}/name/*`, thingName] },
  },
  'aws.greengrass.ipc.pubsub': { all: { operations: ['*'], resources: ['*'] } },
};
const manager = { 'aws.greengrass.ShadowManager': { VersionRequirement: '^2.0.0', DependencyType: 'HARD' } };

async function useClient(options: { dependencies?: Record<string, object>; root?: string } = {}): Promise<{ client: Client; nucleus: TestNucleus }> {
  const nucleus = await useNucleus(options.root === undefined ? {} : { root: options.root });
  await nucleus.deploy({ recipes: [recipeOf('one', { lifecycle: { startup: printToken }, configuration: { accessControl }, dependencies: options.dependencies ?? manager })], components: { one: '1.0.0' } });
  await eventually(() => nucleus.output('one').length === 1, 'the token');
  return { client: await clientOf(nucleus, 'one'), nucleus };
}

const read = (payload: unknown): unknown => JSON.parse(Buffer.from(payload as ArrayBuffer).toString()) as unknown;
const update = async (client: Client, document: object, shadowName?: string): Promise<unknown> => read((await client.updateThingShadow({ thingName, payload: JSON.stringify(document), ...(shadowName === undefined ? {} : { shadowName }) })).payload);
const get = async (client: Client, shadowName?: string): Promise<unknown> => read((await client.getThingShadow({ thingName, ...(shadowName === undefined ? {} : { shadowName }) })).payload);
const seconds = expect.any(Number) as number;
const refused = (pattern: RegExp): object => ({ serviceError: { message: expect.stringMatching(pattern) as string } });

test('desired and reported state merge, null removes, and the difference is told', async () => {
  const { client } = await useClient();
  expect(await update(client, { state: { desired: { light: { on: true, level: 5 }, mode: 'auto' } }, clientToken: 'mine' })).toEqual({
    state: { desired: { light: { on: true, level: 5 }, mode: 'auto' } },
    metadata: { desired: { light: { on: { timestamp: seconds }, level: { timestamp: seconds } }, mode: { timestamp: seconds } } },
    version: 1,
    timestamp: seconds,
    clientToken: 'mine',
  });
  await update(client, { state: { reported: { light: { on: true, level: 3 }, extra: [1] }, desired: { mode: null } } });
  expect(await get(client)).toEqual({
    state: { desired: { light: { on: true, level: 5 } }, reported: { light: { on: true, level: 3 }, extra: [1] }, delta: { light: { level: 5 } } },
    metadata: { desired: { light: { on: { timestamp: seconds }, level: { timestamp: seconds } } }, reported: { light: { on: { timestamp: seconds }, level: { timestamp: seconds } }, extra: [{ timestamp: seconds }] } },
    version: 2,
    timestamp: seconds,
  });
  await update(client, { state: { desired: null } });
  expect(await get(client)).toMatchObject({ state: { reported: { light: { on: true, level: 3 }, extra: [1] } }, version: 3 });
});

test('a version that is not the latest is a conflict, and changes nothing', async () => {
  const { client } = await useClient();
  await expect(update(client, { state: { reported: { a: 1 } }, version: 4 })).rejects.toMatchObject(refused(/Invalid version/));
  await update(client, { state: { reported: { a: 1 } }, version: 1 });
  await update(client, { state: { reported: { a: 2 } }, version: 1 });
  await expect(update(client, { state: { reported: { a: 3 } }, version: 1 })).rejects.toMatchObject(refused(/Version conflict/));
  expect(await get(client)).toMatchObject({ state: { reported: { a: 2 } }, version: 2 });
});

test('what is too large, too deep, no JSON or misnamed is refused', async () => {
  const { client } = await useClient();
  await expect(update(client, { state: { reported: { a: 'x'.repeat(8200) } } })).rejects.toMatchObject(refused(/exceeds the maximum size allowed: .*0 \+ 8208 bytes, up to 8192/));
  await update(client, { state: { reported: { a: 'x'.repeat(8000) } } });
  // The whole counts, not the update.
  await expect(update(client, { state: { desired: { b: 'x'.repeat(300) } } })).rejects.toMatchObject(refused(/308 \+ 8008 bytes/));
  await expect(update(client, { state: { reported: { a: { b: { c: { d: { e: { f: {} } } } } } } } })).rejects.toMatchObject(refused(/too many levels of nesting; maximum is 6/));
  await expect(client.updateThingShadow({ thingName, payload: 'no JSON' })).rejects.toMatchObject(refused(/Invalid JSON/));
  await expect(client.getThingShadow({ thingName: 'a/b' })).rejects.toMatchObject(refused(/thingName: expected letters/));
  expect(await get(client)).toMatchObject({ version: 1 });
});

test('named shadows are apart from the classic one, are listed in pages, and count on after they were deleted', async () => {
  const { client } = await useClient();
  await update(client, { state: { reported: { a: 1 } } });
  for (const name of ['b', 'a', 'c']) await update(client, { state: { reported: { name } } }, name);
  expect(await get(client, 'a')).toMatchObject({ state: { reported: { name: 'a' } } });
  const first = await client.listNamedShadowsForThing({ thingName, pageSize: 2 });
  expect(first).toMatchObject({ results: ['a', 'b'], timestamp: expect.any(Date) as Date });
  expect((await client.listNamedShadowsForThing({ thingName, pageSize: 2, nextToken: first.nextToken ?? '' })).results).toEqual(['c']);
  await client.deleteThingShadow({ thingName, shadowName: 'a' });
  await expect(get(client, 'a')).rejects.toMatchObject(refused(/No shadow found/));
  await expect(client.deleteThingShadow({ thingName, shadowName: 'a' })).rejects.toMatchObject(refused(/No shadow found/));
  expect(await update(client, { state: { reported: {} } }, 'a')).toMatchObject({ version: 3 });
});

test('changes are told on the topics of the shadow', async () => {
  const { client } = await useClient();
  const received: [string, unknown][] = [];
  const stream = client.subscribeToTopic({ topic: `${prefix}/name/door/#` });
  stream.on('message', ({ binaryMessage }) => received.push([binaryMessage?.context?.topic?.slice(`${prefix}/name/door/`.length) ?? '', read(binaryMessage?.message)]));
  await stream.activate();
  await update(client, { state: { desired: { open: true } } }, 'door');
  await eventually(() => received.length === 3, 'the messages');
  expect(received).toEqual([
    ['update/delta', expect.objectContaining({ state: { open: true }, version: 1 })],
    ['update/documents', expect.objectContaining({ previous: null, current: expect.objectContaining({ state: { desired: { open: true } } }) as object })],
    ['update/accepted', expect.objectContaining({ state: { desired: { open: true } }, version: 1 })],
  ]);
});

test('other things, and components that do not ask for the shadow manager, are refused', async () => {
  const { client, nucleus } = await useClient();
  await expect(client.getThingShadow({ thingName: 'robot-2' })).rejects.toMatchObject(refused(/Principal one is not authorized to perform aws\.greengrass\.ShadowManager:aws\.greengrass#GetThingShadow on resource \$aws\/things\/robot-2\/shadow/));
  await nucleus.deploy({ recipes: [recipeOf('one', { lifecycle: { startup: printToken }, configuration: { accessControl } })], components: { one: '1.0.0' } });
  await expect(client.getThingShadow({ thingName })).rejects.toMatchObject(refused(/GetThingShadow is not supported by Greengrass: no deployed component depends on aws\.greengrass\.ShadowManager/));
});

test('shadows outlive the nucleus; a damaged file of them is set aside', async () => {
  const { client, nucleus } = await useClient();
  await update(client, { state: { reported: { a: 1 } } });
  await nucleus.nucleus.stop();
  const { root } = nucleus.nucleus;
  const again = await useNucleus({ root });
  await eventually(() => again.output('one').length === 1, 'the token');
  expect(await get(await clientOf(again, 'one'))).toMatchObject({ state: { reported: { a: 1 } }, version: 1 });
  await again.nucleus.stop();

  await writeFile(join(root, 'shadows', `${thingName}.json`), '[{"shadow":');
  const last = await useNucleus({ root });
  expect(last.events).toContainEqual({ kind: 'note', text: expect.stringMatching(/shadows\/robot-1\.json is damaged \(it is no JSON\) and was set aside as .*robot-1\.json\.damaged/) as string });
  expect(await readFile(join(root, 'shadows', `${thingName}.json.damaged`), 'utf8')).toBe('[{"shadow":');
  await eventually(() => last.output('one').length === 1, 'the token');
  await expect(get(await clientOf(last, 'one'))).rejects.toMatchObject(refused(/No shadow found/));
});
