import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { slowModel } from '../scripts/measure/onnx-model.ts';
import { median, quantile } from '../scripts/measure/statistics.ts';
import { takeTurn } from '../scripts/measure/turn.ts';
import { healthCheck } from './health-check.ts';
import type { MeasuredAgent } from './measured-agent.ts';

const input = { bytes: new Uint8Array(4), metadata: { dtype: 'FLOAT32' as const, shape: [1] } };
const controlPauseMs = 20;
const seconds = 10;

/** ListModels every 20 ms: by itself, and while a model that takes about a second is predicting. Milliseconds. */
export async function measureResponsiveness({ client, folder }: MeasuredAgent): Promise<Record<string, number>> {
  const predictMs = await loadSlowModel(client, folder, 1_000);
  const list = async (): Promise<void> => {
    await client.listModels();
  };
  const { idle, busy, predictions } = await measureCalls(client, { call: list, callers: 1 });
  return { 'model run, ms': predictMs, 'predictions meanwhile': predictions, ...figuresOf('ListModels', idle, busy) };
}

/**
 * Health checks every 20 ms: by themselves, and while every CPU is busy predicting. For an agent with as many workers
 * as there are CPUs, of one thread each.
 */
export async function measureHealthWhenBusy({ client, folder }: MeasuredAgent): Promise<Record<string, number>> {
  const predictMs = await loadSlowModel(client, folder, 200);
  const health = healthCheck(client.socketPath);
  try {
    // Two callers per worker: while one answer is on its way, the worker has its next request.
    const { idle, busy, predictions } = await measureCalls(client, { call: health.check, callers: 2 * availableParallelism() });
    return { 'model run, ms': predictMs, workers: availableParallelism(), 'predictions meanwhile': predictions, ...figuresOf('health check', idle, busy) };
  } finally {
    health.close();
  }
}

/** The times of a call, first with nothing else going on, then while callers predict one after the other. */
async function measureCalls(client: MeasuredAgent['client'], { call, callers }: { call: () => Promise<void>; callers: number }): Promise<{ idle: number[]; busy: number[]; predictions: number }> {
  const idle = await timesOf(call);
  const predict = async (): Promise<void> => {
    await client.predict('slow', [input]);
  };
  const [{ samples }, busy] = await Promise.all([takeTurn(predict, { callers, ms: seconds * 1000 }), timesOf(call)]);
  await client.unloadModel('slow');
  return { idle, busy, predictions: samples.length };
}

async function timesOf(call: () => Promise<void>): Promise<number[]> {
  const samples: number[] = [];
  const stopAt = performance.now() + seconds * 1000;
  while (performance.now() < stopAt) {
    const started = performance.now();
    await call();
    samples.push(performance.now() - started);
    await sleep(controlPauseMs);
  }
  return samples;
}

function figuresOf(call: string, idle: readonly number[], busy: readonly number[]): Record<string, number> {
  return {
    [`${call} p50 idle, ms`]: median(idle),
    [`${call} p99 idle, ms`]: quantile(idle, 0.99),
    [`${call} p50 while predicting, ms`]: median(busy),
    [`${call} p99 while predicting, ms`]: quantile(busy, 0.99),
  };
}

/** Makes the model about as slow as wanted on this machine. @returns how long it takes, in milliseconds */
async function loadSlowModel(client: MeasuredAgent['client'], folder: string, wantedMs: number): Promise<number> {
  const load = async (steps: number): Promise<number> => {
    await writeFile(join(folder, 'slow.onnx'), slowModel({ steps }));
    await client.loadModel('slow.onnx', 'slow');
    const started = performance.now();
    await client.predict('slow', [input]);
    return performance.now() - started;
  };
  const probeSteps = 50;
  const probeMs = await load(probeSteps);
  await client.unloadModel('slow');
  return load(Math.ceil((probeSteps * wantedMs) / probeMs));
}
