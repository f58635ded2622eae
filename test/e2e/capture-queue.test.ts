import { status } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { captureDataRequestPieces } from '../../components/common/capture-codec.ts';
import { FescueError } from '../../components/common/errors.ts';
import { loadAgentService } from '../../components/common/wire.ts';
import { http2Call } from '../helpers/http2-call.ts';
import { isAlive } from '../helpers/processes.ts';
import { hasStatus, useSpoolingAgent, type SpoolingAgent } from '../helpers/use-spooling-agent.ts';

const five = ['--capture-data-buffer-size', '5', '--capture-data-batch-size', '4'];

/** Holds the capture process of an agent, as a disk does that does not answer. @returns lets it go on */
async function held(agent: SpoolingAgent): Promise<() => void> {
  await agent.capture('first of all');
  const pid = agent.capturePid();
  process.kill(pid, 'SIGSTOP');
  const goOn = (): void => void (isAlive(pid) && process.kill(pid, 'SIGCONT'));
  onTestFinished(goOn);
  return goOn;
}

const kindOf = (call: Promise<void>): Promise<string> => call.then(() => 'ok', (error: unknown) => (error instanceof FescueError ? error.kind : 'no status'));

/** The calls before are on their way when ones after them are answered. */
async function arrived(agent: SpoolingAgent): Promise<void> {
  for (let call = 0; call < 5; call += 1) await agent.client.listModels();
}

test('CaptureDataBufferSize bounds captures on their way, also with DbEnable', async () => {
  const agent = await useSpoolingAgent({ args: five });
  const goOn = await held(agent);
  const calls = ['a', 'b', 'c', 'd', 'e'].map((id) => kindOf(agent.capture(id)));
  await arrived(agent);
  await expect(agent.capture('f')).rejects.toMatchObject({ kind: 'resource-exhausted', message: 'CaptureData: 5 captures are on their way already (CaptureDataBufferSize). Send fewer at once, or raise it.' });
  goOn();
  expect(await Promise.all(calls)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  await agent.capture('f');
  for (const id of ['a', 'e', 'f']) await hasStatus(agent, id, 'SUCCESS');
});

test('captures that wait are given up at their deadline or with their client, and their places are free', async () => {
  const agent = await useSpoolingAgent({ args: five });
  const goOn = await held(agent);
  const { path } = loadAgentService().CaptureData;
  const left = new AbortController();
  const message = Buffer.concat(captureDataRequestPieces({ modelName: 'm', captureId: 'late', inputTensors: [], outputTensors: [], inputs: [], outputs: [] }));
  const sent = kindOf(agent.capture('sent'));
  await arrived(agent);
  const late = [1, 2].map(() => http2Call(agent.socketPath, path, message, { 'grpc-timeout': '50m' }));
  const cancelled = ['x', 'y'].map((id) => kindOf(agent.client.captureData({ model: 'm', id, inputs: [], outputs: [] }, { signal: left.signal })));
  await arrived(agent);
  expect((await Promise.all(late)).map(({ code }) => code)).toEqual([status.DEADLINE_EXCEEDED, status.DEADLINE_EXCEEDED]);
  left.abort();
  expect(await Promise.all(cancelled)).toEqual(['cancelled', 'cancelled']);
  await arrived(agent);
  const others = ['a', 'b', 'c', 'd'].map((id) => kindOf(agent.capture(id)));
  await arrived(agent);
  goOn();
  expect(await Promise.all([sent, ...others])).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  for (const id of ['late', 'x', 'y']) expect(await agent.client.captureStatus(id)).toBe('NOT_FOUND');
  for (const id of ['sent', 'a', 'd']) await hasStatus(agent, id, 'SUCCESS');
});

test('a capture that is being stored when its client leaves is stored', async () => {
  const agent = await useSpoolingAgent({ args: five });
  const goOn = await held(agent);
  const left = new AbortController();
  const call = kindOf(agent.client.captureData({ model: 'm', id: 'left', inputs: [], outputs: [] }, { signal: left.signal }));
  await arrived(agent);
  left.abort();
  expect(await call).toBe('cancelled');
  goOn();
  await hasStatus(agent, 'left', 'SUCCESS');
});

test('a thousand captures under way when the agent stops are all answered, and those that were taken are kept', async () => {
  const args = ['--capture-data-buffer-size', '1000', '--stop-timeout-seconds', '5'];
  const agent = await useSpoolingAgent({ args });
  const calls = Array.from({ length: 1_000 }, (_, index) => kindOf(agent.capture(`c${index}`)));
  await calls[0];
  expect(await agent.stop()).toBe(0);
  const kinds = await Promise.all(calls);
  expect(kinds.filter((kind) => kind !== 'ok' && kind !== 'unavailable')).toEqual([]);
  const next = await useSpoolingAgent({ root: agent.root, args });
  for (const [index, kind] of kinds.entries()) if (kind === 'ok') await hasStatus(next, `c${index}`, 'SUCCESS');
});

test('captures that wait for a disk which does not answer are told so when the agent stops', async () => {
  const agent = await useSpoolingAgent({ args: ['--stop-timeout-seconds', '0.5'] });
  await held(agent);
  const calls = Array.from({ length: 20 }, (_, index) => kindOf(agent.capture(`c${index}`)));
  await arrived(agent);
  expect(await agent.stop()).toBe(0);
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['unavailable']));
});

test('captures on their way take no more memory than two messages of the largest size', async () => {
  const agent = await useSpoolingAgent({ args: ['--max-message-megabytes', '1'] });
  const goOn = await held(agent);
  const calls = ['a', 'b', 'c', 'd'].map((id) => kindOf(agent.capture(id, { bytes: 900_000 })));
  await arrived(agent);
  const late = await agent.capture('e', { bytes: 900_000 }).catch((error: unknown) => error);
  expect(late).toMatchObject({ kind: 'resource-exhausted', message: expect.stringMatching(/^CaptureData: captures of 18\d{5} bytes are on their way already, .* 2097152 \(2 times MaxMessageMegabytes\)/) as string });
  goOn();
  expect((await Promise.all(calls)).toSorted()).toEqual(['ok', 'ok', 'resource-exhausted', 'resource-exhausted']);
  expect(await kindOf(agent.capture('e', { bytes: 900_000 }))).toBe('ok');
});
