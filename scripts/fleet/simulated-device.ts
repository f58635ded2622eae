import type { DeviceReport, ModelReport } from '../../components/common/device-report.ts';

/** @property seed the same one makes the same devices @property now seconds since 1970 */
export type Simulation = { readonly seed: number; readonly fleet: string; readonly now: number; readonly periodSeconds: number };

/** What becomes of a simulated device. */
export type Fate = 'running' | 'silent' | 'stopped' | 'never-reported';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const mebibyte = 1024 ** 2;
const versions = ['0.1.0', '0.2.0', '0.2.1'];
const catalogue = [
  { name: 'efficientnet-lite0', versions: ['1.0.0', '1.1.0'], p50Ms: 18 },
  { name: 'defects', versions: ['3.2.0', '3.3.0', '4.0.0'], p50Ms: 42 },
  { name: 'people-count', versions: ['2.0.1'], p50Ms: 75 },
];

/** @param index from 0 */
export function simulatedName(index: number): string {
  return `sim-${String(index).padStart(6, '0')}`;
}

export function simulatedFate(index: number, { seed }: Pick<Simulation, 'seed'>): Fate {
  const share = randomOf(seed, index)();
  if (share < 0.01) return 'never-reported';
  if (share < 0.05) return 'silent';
  return share < 0.07 ? 'stopped' : 'running';
}

/** The latest report of a device; undefined of one that never reported. */
export function simulatedReport(index: number, simulation: Simulation): DeviceReport | undefined {
  const { seed, fleet, now, periodSeconds } = simulation;
  const fate = simulatedFate(index, simulation);
  if (fate === 'never-reported') return undefined;
  const random = randomOf(seed, index + 0x4000_0000);
  // Silent ones since some hour of the last two weeks.
  const time = Math.floor(fate === 'silent' ? now - hour - random() * 14 * day : now - random() * periodSeconds);
  const uptimeSeconds = Math.floor(random() * 30 * day);
  const crashes = random() < 0.05 ? 1 + Math.floor(random() * 20) : 0;
  return {
    format: 1,
    fleet,
    device: simulatedName(index),
    time,
    periodSeconds,
    state: fate === 'stopped' ? 'stopping' : 'running',
    agent: { version: pick(versions, random() ** 0.5), uptimeSeconds, starts: 1 + crashes + Math.floor(random() * 5), crashes },
    models: catalogue.filter((_, place) => place === index % catalogue.length || random() < 0.3).map((model) => simulatedModel(model, { random, time, uptimeSeconds })),
    spool: simulatedSpool(random, time),
    system: {
      architecture: random() < 0.7 ? 'arm64' : 'x64',
      cpuPercent: round(random() * 180, 1),
      residentBytes: Math.floor((120 + random() * 500) * mebibyte),
      memoryAvailableBytes: Math.floor((200 + random() * 3_500) * mebibyte),
      diskFreeBytes: Math.floor((100 + random() * 28_000) * mebibyte),
      temperatureCelsius: random() < 0.9 ? round(38 + random() * 45, 1) : null,
    },
  };
}

function simulatedModel({ name, versions: of, p50Ms }: (typeof catalogue)[number], { random, time, uptimeSeconds }: { random: () => number; time: number; uptimeSeconds: number }): ModelReport {
  const predictions = Math.floor(uptimeSeconds * random());
  const slowness = 0.6 + 2 * random() ** 3;
  const isActive = random() < 0.9;
  return {
    alias: name,
    name,
    version: pick(of, random()),
    digest: `${Math.floor(random() * 2 ** 32).toString(16).padStart(8, '0')}`,
    provider: 'cpu',
    predictions,
    errors: random() < 0.1 ? Math.floor(predictions * 0.001) : 0,
    restarts: random() < 0.02 ? 1 : 0,
    p50Ms: round(p50Ms * slowness, 2),
    p99Ms: round(p50Ms * slowness * (1.3 + 3 * random()), 2),
    latestInference: Math.floor(time - (isActive ? random() * minute : 2 * hour + random() * day)),
    latestSample: random() < 0.6 ? Math.floor(time - random() * hour) : null,
  };
}

function simulatedSpool(random: () => number, time: number): DeviceReport['spool'] {
  if (random() < 0.2) return null;
  const isBehind = random() < 0.1;
  const captures = Math.floor(random() * (isBehind ? 40_000 : 12));
  return { captures, bytes: captures * 9_000, oldest: captures === 0 ? null : Math.floor(time - random() * (isBehind ? 9 * day : 10 * minute)), isFailing: isBehind && random() < 0.5 };
}

function pick<Item>(items: readonly Item[], share: number): Item {
  const item = items[Math.min(items.length - 1, Math.floor(share * items.length))];
  if (item === undefined) throw new RangeError('there is nothing to pick from');
  return item;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Mulberry32: numbers from 0 to 1 that a seed and an index determine. */
function randomOf(seed: number, index: number): () => number {
  let state = (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b)) >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
