import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Quarantine } from '../components/agent/capture/quarantine.ts';
import type { CaptureDescription, NewCapture } from '../components/agent/capture/capture-record.ts';
import { SegmentLog } from '../components/agent/capture/segment-log.ts';
import { SharedBuffer } from '../components/common/shared-buffer.ts';
import type { PredictInput } from '../components/common/agent-client.ts';
import { identityModel } from '../scripts/measure/onnx-model.ts';
import { squeezeNet } from '../scripts/measure/models.ts';
import { makeInputs } from '../scripts/measure/payload.ts';
import { median, quantile } from '../scripts/measure/statistics.ts';
import { takeTurn } from '../scripts/measure/turn.ts';
import type { MeasuredAgent } from './measured-agent.ts';

/** Captures wait in the spool for the whole bench: what is measured is their acceptance. */
export const acceptOnly = ['--capture-data-destination', 'Disk', '--capture-data-batch-size', '999999', '--capture-data-buffer-size', '1000000', '--capture-data-push-period-seconds', '86400', '--capture-spool-max-megabytes', '8000'];
/** As a device runs that captures to its disk. */
export const delivering = ['--capture-data-destination', 'Disk', '--capture-spool-max-megabytes', '8000'];

const largeBytes = 600_000;
const smallBytes = 4_096;
const rounds = 10;
const perRound = 20;
let ids = 0;

function tensor(bytes: Uint8Array): PredictInput {
  return { bytes, metadata: { name: 'x', dtype: 'UINT8', shape: [bytes.length] } };
}

async function loadIdentity({ client, folder }: MeasuredAgent): Promise<void> {
  writeFileSync(join(folder, 'identity.onnx'), identityModel([{ name: 'x', type: 'UINT8', shape: ['n'] }]));
  await client.loadModel('identity.onnx', 'm');
}

function capture({ client }: MeasuredAgent, inputs: readonly PredictInput[]): () => Promise<void> {
  return async () => {
    ids += 1;
    await client.captureData({ model: 'm', id: `bench-${ids}`, inputs, outputs: [] });
  };
}

/** A file of its own, written and synced: what anybody has to do who wants to lose nothing. */
function bareWrite(folder: string, bytes: Uint8Array): () => Promise<void> {
  let files = 0;
  return async () => {
    files += 1;
    const path = join(folder, `bare-${files}`);
    const file = openSync(path, 'wx');
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fsyncSync(file);
    closeSync(file);
  };
}

/** CaptureData of 600 KB against a bare write and fsync of as many bytes, in turns. */
export async function measureCaptureLatency(agent: MeasuredAgent): Promise<Record<string, number>> {
  await loadIdentity(agent);
  const bytes = new Uint8Array(largeBytes).fill(7);
  const buffer = new SharedBuffer(largeBytes);
  buffer.fill(bytes);
  const contenders = {
    'bare write and fsync': bareWrite(agent.folder, bytes),
    'capture by bytes': capture(agent, [tensor(bytes)]),
    'capture by shared memory': capture(agent, [{ shared: buffer.handle, metadata: { name: 'x', dtype: 'UINT8', shape: [largeBytes] } }]),
  };
  const samples: Record<string, number[]> = {};
  for (const call of Object.values(contenders)) await takeTurn(call, { callers: 1, ms: 60_000, calls: 20 });
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, call] of Object.entries(contenders)) samples[name] = [...(samples[name] ?? []), ...(await takeTurn(call, { callers: 1, ms: 60_000, calls: perRound })).samples];
  }
  buffer.close();
  const p50 = (name: string): number => median(samples[name] ?? []);
  const base = p50('bare write and fsync');
  return Object.fromEntries(Object.keys(contenders).flatMap((name) => [[`600 KB, ${name}, p50 ms`, p50(name)], [`600 KB, ${name}, p90 ms`, quantile(samples[name] ?? [], 0.9)], [`600 KB, ${name}, p50 / bare`, p50(name) / base]]));
}

/** Captures of 4 KB: from many callers through the agent, and in the spool alone, in groups and one by one. */
export async function measureCaptureRate(agent: MeasuredAgent): Promise<Record<string, number>> {
  await loadIdentity(agent);
  const call = capture(agent, [tensor(new Uint8Array(smallBytes))]);
  await takeTurn(call, { callers: 32, ms: 2_000 });
  const rates: Record<string, number[]> = { agent: [], bare: [], single: [], grouped: [] };
  const bare = bareWrite(agent.folder, new Uint8Array(smallBytes));
  for (let round = 0; round < rounds; round += 1) {
    rates['agent']?.push((await takeTurn(call, { callers: 32, ms: 500 })).perSecond);
    rates['bare']?.push((await takeTurn(bare, { callers: 1, ms: 300 })).perSecond);
    rates['single']?.push(spoolRate(agent.folder, 1));
    rates['grouped']?.push(spoolRate(agent.folder, 64));
  }
  const of = (name: string): number => median(rates[name] ?? []);
  return {
    '4 KB, bare write and fsync, per second': of('bare'),
    '4 KB, spool, one fsync each, per second': of('single'),
    '4 KB, spool, groups of 64, per second': of('grouped'),
    '4 KB, spool, groups of 64 / one fsync each': of('grouped') / of('single'),
    '4 KB, through the agent, 32 callers, per second': of('agent'),
    '4 KB, through the agent / bare write and fsync': of('agent') / of('bare'),
  };
}

function spoolRate(parent: string, groupSize: number): number {
  const folder = mkdtempSync(join(parent, 'spool-'));
  const { log } = SegmentLog.open({ folder, segmentBytes: 8 * 1024 * 1024, quarantine: new Quarantine({ folder: join(folder, 'q'), mostBytes: 0 }) });
  const startedAt = performance.now();
  let count = 0;
  for (; performance.now() - startedAt < 300; count += groupSize) log.append(Array.from({ length: groupSize }, (_, index) => smallCapture(count + index)), count + 1);
  const perSecond = (count * 1000) / (performance.now() - startedAt);
  log.close();
  rmSync(folder, { recursive: true });
  return perSecond;
}

function smallCapture(number: number): NewCapture {
  const description: CaptureDescription = { id: `bench-${number}`, uid: '0'.repeat(32), model: 'm', version: '', atMs: 0, inputs: [{ name: 'x', dtype: 'UINT8', shape: [smallBytes], bytes: smallBytes }], outputs: [], auxiliaryInputs: [], auxiliaryOutputs: [] };
  return { description, descriptionText: Buffer.from(JSON.stringify(description)), payload: [Buffer.alloc(smallBytes)], priority: 5, acceptedMs: 0 };
}

/** Predictions of a SqueezeNet by one caller: alone, while ten captures of 600 KB a second come, and each followed by a capture; in turns. */
export async function measureCaptureInterference(agent: MeasuredAgent): Promise<Record<string, number>> {
  await loadIdentity(agent);
  writeFileSync(join(agent.folder, 'squeezenet.onnx'), squeezeNet());
  const { inputs: specs } = await agent.client.loadModel('squeezenet.onnx', 'net');
  const inputs = makeInputs(specs, new Map()).map(({ bytes, ...metadata }) => ({ bytes, metadata }));
  const predict = async (): Promise<void> => void (await agent.client.predict('net', inputs));
  const captureOne = capture(agent, [tensor(new Uint8Array(largeBytes))]);
  await takeTurn(predict, { callers: 1, ms: 3_000 });
  await takeTurn(captureOne, { callers: 1, ms: 60_000, calls: 20 });
  const ratios: { beside: number[]; after: number[] } = { beside: [], after: [] };
  const alone: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = median((await takeTurn(predict, { callers: 1, ms: 1_000 })).samples);
    alone.push(before);
    ratios.beside.push(median(await beside(predict, captureOne)) / before);
    ratios.after.push(median(await followed(predict, captureOne)) / before);
  }
  return { 'Predict p50 alone, ms': median(alone), 'Predict p50 beside 10 captures of 600 KB a second / alone': median(ratios.beside), 'Predict p50, each followed by a capture of 600 KB / alone': median(ratios.after) };
}

async function beside(predict: () => Promise<void>, captureOne: () => Promise<void>): Promise<readonly number[]> {
  let over = false;
  const capturing = (async () => {
    while (!over) await Promise.all([captureOne(), sleep(100)]);
  })();
  const { samples } = await takeTurn(predict, { callers: 1, ms: 1_000 });
  over = true;
  await capturing;
  return samples;
}

async function followed(predict: () => Promise<void>, captureOne: () => Promise<void>): Promise<number[]> {
  const samples: number[] = [];
  for (const until = performance.now() + 1_000; performance.now() < until; ) {
    const startedAt = performance.now();
    await predict();
    samples.push(performance.now() - startedAt);
    await captureOne();
  }
  return samples;
}

/** Resident memory of the agent and its capture process before and after 100,000 captures of 2 KB come to wait in the spool. */
export async function measureCaptureMemory(agent: MeasuredAgent): Promise<Record<string, number>> {
  await loadIdentity(agent);
  const input = tensor(new Uint8Array(2_048));
  // Calls leave garbage, and V8 lets the memory grow to a level before it collects it: these go the same way, and leave
  // nothing in the spool but the first.
  const repeated = async (): Promise<void> => agent.client.captureData({ model: 'm', id: 'repeated', inputs: [input], outputs: [] }).catch(() => undefined);
  await takeTurn(repeated, { callers: 16, ms: 600_000, calls: 60_000 });
  const call = capture(agent, [input]);
  await sleep(2_000);
  const before = agent.totalMegabytes();
  await takeTurn(call, { callers: 16, ms: 600_000, calls: 100_000 });
  await sleep(2_000);
  const after = agent.totalMegabytes();
  return { 'agent, worker and capture process after 60,000 captures of one id, MB': before, 'the same with 100,000 captures in the spool, MB': after, 'growth, MB': after - before };
}
