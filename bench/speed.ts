import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareLatency, compareThroughput } from '../scripts/measure/compare.ts';
import { inProcess, throughAgent } from '../scripts/measure/contenders.ts';
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
    const agent = throughAgent(client, name, inputs);
    const [own, bytes] = await compareLatency([baseline, agent], plan);
    figures[`${name}: in process p50, ms`] = own?.p50 ?? 0;
    figures[`${name}: bytes p50, ms`] = bytes?.p50 ?? 0;
    figures[`${name}: bytes p99, ms`] = bytes?.p99 ?? 0;
    figures[`${name}: bytes / in process, p50`] = (bytes?.p50 ?? 0) / (own?.p50 ?? 1);
    const [limit, eight] = await compareThroughput([{ ...baseline, concurrency: 1 }, { ...agent, concurrency: 8 }], throughputPlan);
    figures[`${name}: 8 clients, bytes / in process, throughput`] = (eight?.perSecond ?? 0) / (limit?.perSecond ?? 1);
    await client.unloadModel(name);
  }
  return figures;
}
