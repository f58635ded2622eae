/**
 * `npm run bench`: measures the bundled agent on this machine. Figures move with the machine; ratios matter. How fast it
 * predicts is for `fescue bench`.
 */
import { availableParallelism, cpus } from 'node:os';
import { acceptOnly, delivering, measureCaptureInterference, measureCaptureLatency, measureCaptureMemory, measureCaptureRate } from './capture.ts';
import { measureFleet } from './fleet.ts';
import { startMeasuredAgent, type MeasuredAgent } from './measured-agent.ts';
import { measureMemory, measureMemoryInUse, measureMemoryLarge } from './memory.ts';
import { measureHealthWhenBusy, measureResponsiveness } from './responsiveness.ts';

type Bench = { readonly measure: (agent: MeasuredAgent) => Promise<Record<string, number>>; readonly agentFlags?: readonly string[] } | { readonly measureAlone: () => Promise<Record<string, number>> };

const benches: Record<string, Bench> = {
  memory: { measure: measureMemory },
  'memory-in-use': { measure: measureMemoryInUse },
  'memory-large': { measure: measureMemoryLarge },
  responsiveness: { measure: measureResponsiveness },
  'health-when-busy': { measure: measureHealthWhenBusy, agentFlags: ['--instances', String(availableParallelism()), '--intra-op-threads', '1'] },
  'capture-latency': { measure: measureCaptureLatency, agentFlags: acceptOnly },
  'capture-rate': { measure: measureCaptureRate, agentFlags: acceptOnly },
  'capture-interference': { measure: measureCaptureInterference, agentFlags: delivering },
  'capture-memory': { measure: measureCaptureMemory, agentFlags: acceptOnly },
  fleet: { measureAlone: measureFleet },
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.\n`);
  process.exit(2);
}

process.stdout.write(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} CPUs, Node ${process.versions.node}\n`);
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const [figure, value] of Object.entries(await figuresOf(bench))) process.stdout.write(`${name}: ${figure}: ${Number(value.toFixed(2))}\n`);
}

async function figuresOf(bench: Bench): Promise<Record<string, number>> {
  if ('measureAlone' in bench) return bench.measureAlone();
  const agent = await startMeasuredAgent(...(bench.agentFlags ?? []));
  try {
    return await bench.measure(agent);
  } finally {
    await agent.stop();
  }
}
