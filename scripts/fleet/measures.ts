import type { DeviceReport } from '../../components/common/device-report.ts';

export type Unit = 'ms' | 'percent' | 'bytes' | 'count' | 'seconds' | 'celsius';

/** What devices measure, and the edges between which they are counted. @property values of one device; none where it does not tell */
export type Measure = { readonly title: string; readonly unit: Unit; readonly edges: readonly number[]; readonly values: (report: DeviceReport) => readonly (number | null | undefined)[] };

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const latencies = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
const memories = [64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192].map((size) => size * mebibyte);

/** By their names in the JSON document. */
export const measures = {
  predictP50Ms: { title: 'Predict, p50', unit: 'ms', edges: latencies, values: ({ models }) => models.map(({ p50Ms }) => p50Ms) },
  predictP99Ms: { title: 'Predict, p99', unit: 'ms', edges: latencies, values: ({ models }) => models.map(({ p99Ms }) => p99Ms) },
  cpuPercent: { title: 'CPU', unit: 'percent', edges: [1, 5, 10, 25, 50, 75, 100, 200, 400], values: ({ system }) => [system.cpuPercent] },
  residentBytes: { title: 'Memory of the agent', unit: 'bytes', edges: memories, values: ({ system }) => [system.residentBytes] },
  memoryAvailableBytes: { title: 'Memory available', unit: 'bytes', edges: memories, values: ({ system }) => [system.memoryAvailableBytes] },
  diskFreeBytes: { title: 'Disk free', unit: 'bytes', edges: [0.125, 0.5, 1, 2, 5, 10, 20, 50, 100].map((size) => size * gibibyte), values: ({ system }) => [system.diskFreeBytes] },
  spoolCaptures: { title: 'Captures that wait', unit: 'count', edges: [1, 10, 100, 1_000, 10_000, 100_000], values: ({ spool }) => [spool?.captures] },
  oldestCaptureSeconds: { title: 'Age of the oldest capture', unit: 'seconds', edges: [minute, 10 * minute, hour, 6 * hour, day, 3 * day, 7 * day, 14 * day], values: ({ spool, time }) => [ageOf(spool?.oldest, time)] },
  temperatureCelsius: { title: 'Temperature', unit: 'celsius', edges: [0, 20, 40, 50, 60, 70, 80, 90], values: ({ system }) => [system.temperatureCelsius] },
} as const satisfies Readonly<Record<string, Measure>>;

export type MeasureName = keyof typeof measures;
export const measureNames = Object.keys(measures) as MeasureName[];

function ageOf(moment: number | null | undefined, time: number): number | undefined {
  return moment === null || moment === undefined ? undefined : Math.max(0, time - moment);
}
