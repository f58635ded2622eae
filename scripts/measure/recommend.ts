import { inferenceSettings } from '../../components/inference/settings.ts';
import type { Level, Report, Settings } from './bench.ts';
import { median } from './statistics.ts';

/** Settings that were tried, each once in either pass. */
export type Tried = Settings & {
  /** p50 of one caller, in milliseconds, by pass. */
  readonly p50Ms: readonly number[];
  /** Calls per second of many callers, by pass. */
  readonly perSecond: readonly number[];
};

export type Recommendation = {
  readonly tried: readonly (Settings & { readonly p50Ms: number; readonly perSecond: number })[];
  /** Callers at once when calls per second were counted. */
  readonly callers: number;
  /** Values that differ by a smaller share count as equal. */
  readonly margin: number;
  readonly latency: Settings;
  readonly throughput: Settings;
  /** Whether tensors of this model should go through shared memory; null when it makes no difference or was not compared. */
  readonly sharedMemory: boolean | null;
  readonly reasons: readonly string[];
};

const smallestMargin = 0.05;
/** Passes that differ by more say little. */
const steadyMargin = 0.15;
const mostInstances = 8;

/** Settings worth trying: all CPUs for one worker, for two, … down to one thread each, and one thread in all. */
export function gridFor(cpus: number): Settings[] {
  const instances = [...new Set([1, 2, 4, cpus, mostInstances])].filter((count) => count <= Math.min(cpus, mostInstances)).toSorted((a, b) => a - b);
  const shared = instances.map((count) => ({ intraOpThreads: Math.floor(cpus / count), instances: count }));
  return cpus === 1 ? shared : [...shared, { intraOpThreads: 1, instances: 1 }];
}

/**
 * Settings for this model on this device, and why.
 *
 * @param tried at least one
 */
export function recommend(tried: readonly Tried[], callers: number, report: Pick<Report, 'levels' | 'model'>): Recommendation {
  const points = tried.map(({ intraOpThreads, instances, p50Ms, perSecond }) => ({ intraOpThreads, instances, p50Ms: median(p50Ms), perSecond: median(perSecond) }));
  const margin = Math.max(smallestMargin, median(tried.flatMap(({ p50Ms, perSecond }) => [spread(p50Ms), spread(perSecond)])));
  const fastest = Math.min(...points.map(({ p50Ms }) => p50Ms));
  const most = Math.max(...points.map(({ perSecond }) => perSecond));
  const latency = smallest(points.filter(({ p50Ms }) => p50Ms <= fastest * (1 + margin)));
  const throughput = smallest(points.filter(({ perSecond }) => perSecond >= most * (1 - margin)));
  const memory = sharedMemoryAdvice(report, margin);
  const reasons = [
    `For one caller at a time ${named(latency)}: p50 ${latency.p50Ms.toPrecision(3)} ms.`,
    `For ${callers} callers at once ${named(throughput)}: ${throughput.perSecond.toPrecision(3)} per second${same(latency, throughput) ? '' : `, with the former ${latency.perSecond.toPrecision(3)}`}.`,
    `Of settings within ${Math.round(margin * 100)} % of the best, the one with the fewest workers and threads is taken: every worker holds the model in its own memory.`,
    ...(margin > steadyMargin ? ['The two passes differ much: something else was busy on this device. Try again when it is not.'] : []),
    memory.reason,
  ];
  return { tried: points, callers, margin, latency: settingsOf(latency), throughput: settingsOf(throughput), sharedMemory: memory.use, reasons };
}

/** How far two values are apart, as a share of their mean. */
function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}

function smallest<Point extends Settings>(points: readonly Point[]): Point {
  return points.reduce((least, point) => (point.instances - least.instances || point.intraOpThreads - least.intraOpThreads) < 0 ? point : least);
}

function sharedMemoryAdvice({ levels, model }: Pick<Report, 'levels' | 'model'>, margin: number): { use: boolean | null; reason: string } {
  const level = levels.toSorted((a, b) => a.concurrency - b.concurrency)[0];
  const ratio = level?.sharedMemoryToBytes ?? null;
  if (level === undefined || ratio === null) return { use: null, reason: 'Shared memory and bytes were not compared.' };
  const bytes = Math.max(0, ...model.inputs.map((input) => input.bytes));
  const measured = `with tensors of ${bytes} bytes, p50 through shared memory is ${ratio.toPrecision(2)} × that by bytes (${atOnce(level)})`;
  const standard = inferenceSettings.SharedMemoryThresholdBytes.default;
  if (ratio < 1 - margin) return { use: true, reason: `Shared memory is worth it: ${measured}. SharedMemoryThresholdBytes should be at most ${bytes}${standard <= bytes ? `, as its default of ${standard} is` : ''}.` };
  if (ratio > 1 + margin) return { use: false, reason: `Bytes are better: ${measured}. SharedMemoryThresholdBytes should be above ${bytes}${standard > bytes ? `, as its default of ${standard} is` : ''}.` };
  return { use: null, reason: `Shared memory makes no difference: ${measured}. SharedMemoryThresholdBytes may stay as it is.` };
}

function atOnce({ concurrency }: Level): string {
  return concurrency === 1 ? 'one caller' : `${concurrency} callers`;
}

function named({ intraOpThreads, instances }: Settings): string {
  return `IntraOpThreads ${intraOpThreads} and Instances ${instances}`;
}

function same(one: Settings, other: Settings): boolean {
  return one.intraOpThreads === other.intraOpThreads && one.instances === other.instances;
}

function settingsOf({ intraOpThreads, instances }: Settings): Settings {
  return { intraOpThreads, instances };
}
