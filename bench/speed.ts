import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareLatency, compareThroughput } from '../scripts/measure/compare.ts';
import { inProcess, throughAgent, throughSharedMemory } from '../scripts/measure/contenders.ts';
import { perceptron, shapeOnly, squeezeNet } from '../scripts/measure/models.ts';
import type { MeasuredAgent } from './measured-agent.ts';

const plan = { turnMs: 250, rounds: 12, warmUp: 20 };
const throughputPlan = { turnMs: 1_000, rounds: 5, warmUp: 0 };

const models: Record<string, () => Buffer> = {
  squeezenet: squeezeNet,
  perceptron,
  'shape-600kb': () => shapeOnly(600_000),
  'shape-6mb': () => shapeOnly(6_000_000),
};

/** Latency and throughput of the agent against the same model in process; ratios to the latter. */
export async function measureSpeed({ client, folder }: MeasuredAgent): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const [name, build] of Object.entries(models)) {
    const path = join(folder, `${name}.onnx`);
    await writeFile(path, build());
    const { inputs } = await client.loadModel(path, name);
    const baseline = await inProcess(path, inputs, { intraOpThreads: 2 });
    const [bytes, shared] = [throughAgent(client, name, inputs), throughSharedMemory(client, name, inputs)];
    const [own, ...latencies] = await compareLatency([baseline, bytes, shared], plan);
    figures[`${name}: in process p50, ms`] = own?.p50 ?? 0;
    for (const latency of latencies) {
      figures[`${name}: ${latency.name} p50, ms`] = latency.p50;
      figures[`${name}: ${latency.name} p99, ms`] = latency.p99;
      figures[`${name}: ${latency.name} / in process, p50`] = latency.p50 / (own?.p50 ?? 1);
    }
    figures[`${name}: shared memory / bytes, p50`] = (latencies[1]?.p50 ?? 0) / (latencies[0]?.p50 ?? 1);
    const [limit, ...rates] = await compareThroughput([{ ...baseline, concurrency: 1 }, { ...bytes, concurrency: 8 }, { ...shared, concurrency: 8 }], throughputPlan);
    for (const rate of rates) figures[`${name}: 8 clients, ${rate.name} / in process, throughput`] = rate.perSecond / (limit?.perSecond ?? 1);
    shared.close();
    await client.unloadModel(name);
  }
  return figures;
}
