import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { slowModel } from '../scripts/measure/onnx-model.ts';
import type { MeasuredAgent } from './measured-agent.ts';
import { median, quantile } from '../scripts/measure/statistics.ts';

const input = { bytes: new Uint8Array(4), metadata: { dtype: 'FLOAT32' as const, shape: [1] } };
const controlPauseMs = 20;
const seconds = 10;

/** ListModels every 20 ms: by itself, and while a model that takes about a second is predicting. Milliseconds. */
export async function measureResponsiveness({ client, folder }: MeasuredAgent): Promise<Record<string, number>> {
  const predictMs = await loadSlowModel(client, folder);
  const idle = await controlCalls(client, () => true);
  let predictions = 0;
  const stopAt = performance.now() + seconds * 1000;
  const predicting = (async () => {
    for (; performance.now() < stopAt; predictions += 1) await client.predict('slow', [input]);
  })();
  const busy = await controlCalls(client, () => performance.now() < stopAt);
  await predicting;
  await client.unloadModel('slow');
  return {
    'model run, ms': predictMs,
    'predictions meanwhile': predictions,
    'ListModels p50 idle, ms': median(idle),
    'ListModels p99 idle, ms': quantile(idle, 0.99),
    'ListModels p50 while predicting, ms': median(busy),
    'ListModels p99 while predicting, ms': quantile(busy, 0.99),
  };
}

/** Makes the model as slow as a second on this machine. @returns how long it takes */
async function loadSlowModel(client: MeasuredAgent['client'], folder: string): Promise<number> {
  const load = async (steps: number): Promise<number> => {
    await writeFile(join(folder, 'slow.onnx'), slowModel({ steps }));
    await client.loadModel('slow.onnx', 'slow');
    const started = performance.now();
    await client.predict('slow', [input]);
    return performance.now() - started;
  };
  const probeSteps = 100;
  const probeMs = await load(probeSteps);
  await client.unloadModel('slow');
  return load(Math.ceil((probeSteps * 1000) / probeMs));
}

async function controlCalls(client: MeasuredAgent['client'], goOn: () => boolean): Promise<number[]> {
  const samples: number[] = [];
  while (goOn() && samples.length < (seconds * 1000) / controlPauseMs) {
    const started = performance.now();
    await client.listModels();
    samples.push(performance.now() - started);
    await sleep(controlPauseMs);
  }
  return samples;
}
