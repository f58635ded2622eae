import { expect, onTestFinished, test } from 'vitest';
import { heartbeatAccess } from '../../../../components/agent/heartbeat/access.ts';
import { IotChannel, type IotChannelOptions } from '../../../../components/agent/heartbeat/iot-channel.ts';
import type { DeviceReport } from '../../../../components/common/device-report.ts';
import { FescueError } from '../../../../components/common/errors.ts';
import type { GreengrassIpc } from '../../../../components/common/greengrass-ipc.ts';
import { connectionOf } from '../../../helpers/ipc-connection.ts';
import { reportAt } from '../../../helpers/reports.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';
import { useLogger } from '../../../helpers/use-logger.ts';

const shadowTopic = '$aws/things/camera-7/shadow/name/fescue/update';
const heartbeats = 'fescue/fleet/lobby/camera-7/heartbeat';

type Published = { topic: string; content: { state?: { reported: DeviceReport }; clientToken?: string; time?: number } };

type TestChannel = {
  channel: IotChannel;
  clock: SimulatedClock;
  published: Published[];
  updates: () => Published['content'][];
  /** What IoT Core answers to an update. */
  reject: (rejection: object | string) => void;
  refusals: Map<string, string>;
  warnings: () => Record<string, unknown>[];
};

function refused(name: string): FescueError {
  return new FescueError('failed-precondition', `refused: ${name}`, { cause: { refusal: name, error: undefined } });
}

async function useChannel(options: Partial<IotChannelOptions> & { connection?: Partial<GreengrassIpc> } = {}): Promise<TestChannel> {
  const clock = new SimulatedClock(0);
  const { log, lines } = useLogger();
  const published: Published[] = [];
  const refusals = new Map<string, string>();
  let listener: ((payload: Uint8Array) => void) | undefined;
  const connection = connectionOf({
    publishToIotCore: async (topic, payload) => {
      const refusal = refusals.get(topic);
      if (refusal !== undefined) throw refused(refusal);
      published.push({ topic, content: JSON.parse(Buffer.from(payload).toString()) as Published['content'] });
    },
    onIotCoreMessage: async (topic, heard) => {
      expect(topic).toBe(`${shadowTopic}/rejected`);
      listener = heard;
    },
    ...options.connection,
  });
  const channel = new IotChannel({ link: { connection: async () => connection }, fleet: 'lobby', device: 'camera-7', thing: 'camera-7', clock, random: () => 0.5, log, ...options });
  channel.start();
  onTestFinished(() => channel.stop());
  await new Promise((done) => setImmediate(done));
  return {
    channel,
    clock,
    published,
    updates: () => published.flatMap(({ topic, content }) => (topic === shadowTopic ? [content] : [])),
    reject: (rejection) => listener?.(Buffer.from(typeof rejection === 'string' ? rejection : JSON.stringify(rejection))),
    refusals,
    warnings: () => lines.filter(({ level }) => level === 'warn'),
  };
}

const latest = { isLatest: true };
const old = { isLatest: false };

test('a report goes to its topic, and the latest to the shadow of the thing', async () => {
  const { channel, published } = await useChannel();
  await channel.send(reportAt(1), old);
  await channel.send(reportAt(2), latest);
  expect(published.map(({ topic }) => topic)).toEqual([heartbeats, heartbeats, shadowTopic]);
  expect(published[1]?.content).toEqual(reportAt(2));
  expect(published[2]?.content).toMatchObject({ state: { reported: reportAt(2) }, clientToken: expect.stringMatching(/^[0-9a-f-]{36}$/) as string });
});

test.each([409, 429, 500])('an update that is rejected with %d is sent again a while later, three times at most', async (code) => {
  const { channel, clock, updates, reject, warnings } = await useChannel();
  await channel.send(reportAt(1), latest);
  for (let count = 0; count < 6; count += 1) {
    reject({ code, message: 'not now', clientToken: updates().at(-1)?.clientToken });
    await clock.advance(0);
    await clock.advance(10_000);
  }
  expect(updates().map(({ state }) => state?.reported.time)).toEqual([1, 1, 1, 1]);
  expect(new Set(updates().map(({ clientToken }) => clientToken)).size).toBe(4);
  expect(warnings()).toMatchObject([{ code, reason: 'not now' }]);
});

test('one that a newer report follows meanwhile is not sent again', async () => {
  const { channel, clock, updates, reject } = await useChannel();
  await channel.send(reportAt(1), latest);
  reject({ code: 409, message: '', clientToken: updates()[0]?.clientToken });
  await channel.send(reportAt(2), latest);
  await clock.advance(10_000);
  expect(updates().map(({ state }) => state?.reported.time)).toEqual([1, 2]);
});

test('one that is too large is sent again with fewer models each time, and the next one with all again', async () => {
  const models = Array.from({ length: 30 }, (_, index) => ({ alias: `model-${index}`, name: 'm', predictions: 0, errors: 0, restarts: 0, latestInference: index }));
  const { channel, clock, updates, reject } = await useChannel();
  await channel.send(reportAt(1, { models }), latest);
  for (const index of [0, 1]) {
    reject({ code: 413, message: 'too large', clientToken: updates()[index]?.clientToken });
    await clock.advance(0);
    await clock.advance(10_000);
  }
  await channel.send(reportAt(2, { models }), latest);
  const counts = updates().map(({ state }) => state?.reported.models.length ?? 0);
  expect(counts[0]).toBe(30);
  expect(counts[1]).toBeLessThan(30);
  expect(counts[2]).toBeLessThan(counts[1] ?? 0);
  expect(counts[3]).toBe(30);
  expect(updates()[1]?.state?.reported.modelsLeftOut).toBe(30 - (counts[1] ?? 0));
  expect(updates()[1]?.state?.reported.models[0]?.alias).toBe('model-29');
});

test.each([[400], [403]])('one that is rejected with %d is told once with a remedy, and not sent again', async (code) => {
  const { channel, clock, updates, reject, warnings } = await useChannel();
  for (const time of [1, 2]) {
    await channel.send(reportAt(time), latest);
    reject({ code, message: 'no', clientToken: updates().at(-1)?.clientToken });
    await clock.advance(60_000);
  }
  expect(updates()).toHaveLength(2);
  expect(warnings()).toMatchObject([{ code, reason: 'no', msg: expect.stringMatching(/rejected by AWS IoT; (something else|the IoT policy)/) as string }]);
});

test("rejections of somebody else's updates, and what is none, change nothing", async () => {
  const { channel, clock, updates, reject, warnings } = await useChannel();
  reject({ code: 409, message: '' });
  await channel.send(reportAt(1), latest);
  for (const one of [{ code: 409, message: '', clientToken: 'other' }, { code: 413, message: '' }, 'no JSON', '[]', { code: 'x' }]) reject(one);
  await clock.advance(60_000);
  expect(updates()).toHaveLength(1);
  expect(warnings()).toEqual([]);
});

test('a topic that accessControl does not allow is told once with what is missing, left alone for ten minutes, and tried again', async () => {
  const { channel, clock, published, refusals, warnings } = await useChannel();
  refusals.set(shadowTopic, 'UnauthorizedError');
  await channel.send(reportAt(1), latest);
  expect(warnings()).toMatchObject([{ topic: shadowTopic, accessControl: heartbeatAccess }]);
  refusals.delete(shadowTopic);
  await clock.advance(599_000);
  await channel.send(reportAt(2), latest);
  expect(published.map(({ topic }) => topic)).toEqual([heartbeats, heartbeats]);
  refusals.set(shadowTopic, 'UnauthorizedError');
  await clock.advance(2_000);
  await channel.send(reportAt(3), latest);
  refusals.delete(shadowTopic);
  await clock.advance(601_000);
  await channel.send(reportAt(4), latest);
  expect(published.at(-1)?.topic).toBe(shadowTopic);
  expect(warnings()).toHaveLength(1);
});

test.each([
  ['ServiceError', 'unavailable'],
  ['InvalidArgumentsError', 'invalid-argument'],
] as const)('%s of the nucleus is %s', async (refusal, kind) => {
  const { channel, refusals } = await useChannel();
  refusals.set(heartbeats, refusal);
  await expect(channel.send(reportAt(1), latest)).rejects.toMatchObject({ kind });
});

test('that the last report is not allowed is not told: a component that is removed has no accessControl any more', async () => {
  const { channel, refusals, warnings } = await useChannel();
  for (const topic of [heartbeats, shadowTopic]) refusals.set(topic, 'UnauthorizedError');
  await channel.send(reportAt(1, { state: 'stopping' }), latest);
  expect(warnings()).toEqual([]);
});

test('a topic that is too long for AWS IoT is told, and there is the shadow', async () => {
  const { channel, published, warnings } = await useChannel({ fleet: 'f'.repeat(250) });
  await channel.send(reportAt(1), latest);
  expect(published.map(({ topic }) => topic)).toEqual([shadowTopic]);
  expect(warnings()).toHaveLength(1);
});

test.each(['UnauthorizedError', 'ServiceError'])('a subscription that is refused with %s does not keep reports back', async (name) => {
  const { channel, published, warnings } = await useChannel({ connection: { onIotCoreMessage: async () => Promise.reject(refused(name)) } });
  await channel.send(reportAt(1), latest);
  expect(published).toHaveLength(2);
  expect(warnings()).toEqual([]);
});
