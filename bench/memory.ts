import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tensor } from '../components/common/tensor.ts';
import { largeModel } from '../scripts/measure/models.ts';
import { makeInputs } from '../scripts/measure/payload.ts';
import { inCheckout } from '../scripts/packaging/paths.ts';
import type { MeasuredAgent } from './measured-agent.ts';

type Cycling = { readonly path: string; readonly cycles: number; readonly predictions: number };

const sampleModel = inCheckout('components/models/efficientnet-lite0/package');

/** Resident memory in MB: of the empty agent, and of agent and worker over cycles of load and unload. */
export async function measureMemory(agent: MeasuredAgent): Promise<Record<string, number>> {
  await sleep(1_000);
  return { 'agent without models, MB': agent.agentMegabytes(), ...(await measureCycles(agent, { path: sampleModel, cycles: 30, predictions: 0 })) };
}

/**
 * The same with predictions in between. Messages leave garbage that V8 collects only under pressure, so memory first
 * grows to a level and then stays there.
 */
export async function measureMemoryInUse(agent: MeasuredAgent): Promise<Record<string, number>> {
  return measureCycles(agent, { path: sampleModel, cycles: 30, predictions: 10 });
}

/** The same with a model of 100 MB and one prediction, for longer. */
export async function measureMemoryLarge(agent: MeasuredAgent): Promise<Record<string, number>> {
  const path = join(agent.folder, 'large.onnx');
  await writeFile(path, largeModel());
  return measureCycles(agent, { path, cycles: 50, predictions: 1 });
}

async function measureCycles({ client, totalMegabytes }: MeasuredAgent, { path, cycles, predictions }: Cycling): Promise<Record<string, number>> {
  const measured: { loaded: number; unloaded: number }[] = [];
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    const { inputs } = await client.loadModel(path, 'cycled');
    const tensors = makeInputs(inputs, new Map()).map(({ bytes, ...metadata }: Tensor) => ({ bytes, metadata }));
    for (let call = 0; call < predictions; call += 1) await client.predict('cycled', tensors);
    const loaded = totalMegabytes();
    await client.unloadModel('cycled');
    await sleep(100);
    measured.push({ loaded, unloaded: totalMegabytes() });
  }
  const [third, last] = [measured[2], measured.at(-1)];
  if (third === undefined || last === undefined) throw new Error('too few cycles');
  return Object.fromEntries(
    (['loaded', 'unloaded'] as const).flatMap((state) => [
      [`${state}, cycle 3, MB`, third[state]],
      [`${state}, cycle ${cycles}, MB`, last[state]],
      [`${state}, cycle ${cycles} / 3`, last[state] / third[state]],
    ]),
  );
}
