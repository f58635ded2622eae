import { setTimeout as sleep } from 'node:timers/promises';
import { inCheckout } from '../scripts/packaging/paths.ts';
import type { MeasuredAgent } from './measured-agent.ts';

const input = { bytes: new Uint8Array(4 * 3 * 224 * 224), metadata: { dtype: 'FLOAT32' as const, shape: [1, 3, 224, 224] } };
const model = inCheckout('components/models/efficientnet-lite0/package');

/** Resident memory in MB: of the empty agent, and of agent and worker over cycles of load and unload. */
export async function measureMemory(agent: MeasuredAgent): Promise<Record<string, number>> {
  await sleep(1_000);
  return { 'agent without models, MB': agent.agentMegabytes(), ...(await measureCycles(agent, 0)) };
}

/**
 * The same with predictions in between. Messages leave garbage that V8 collects only under pressure, so memory first
 * grows to a level and then stays there.
 */
export async function measureMemoryInUse(agent: MeasuredAgent): Promise<Record<string, number>> {
  return measureCycles(agent, 10);
}

async function measureCycles({ client, totalMegabytes }: MeasuredAgent, predictions: number): Promise<Record<string, number>> {
  const cycles: { loaded: number; unloaded: number }[] = [];
  for (let cycle = 1; cycle <= 30; cycle += 1) {
    await client.loadModel(model, 'cycled');
    for (let call = 0; call < predictions; call += 1) await client.predict('cycled', [input]);
    const loaded = totalMegabytes();
    await client.unloadModel('cycled');
    await sleep(100);
    cycles.push({ loaded, unloaded: totalMegabytes() });
  }
  const [third, last] = [cycles[2], cycles[29]];
  if (third === undefined || last === undefined) throw new Error('too few cycles');
  return {
    'loaded, 3rd cycle, MB': third.loaded,
    'loaded, 30th cycle, MB': last.loaded,
    'loaded, 30th / 3rd': last.loaded / third.loaded,
    'unloaded, 3rd cycle, MB': third.unloaded,
    'unloaded, 30th cycle, MB': last.unloaded,
    'unloaded, 30th / 3rd': last.unloaded / third.unloaded,
  };
}
