import { statfs } from 'node:fs/promises';
import type { DeviceReport } from '../../common/device-report.ts';
import { within } from '../../common/within.ts';
import { type ProcessUsage, usageOf } from './process-usage.ts';
import { cpuTemperature } from './temperature.ts';

export type SystemFacts = DeviceReport['system'];

/** A sensor on a slow bus may keep its reader waiting. */
const patienceMs = 2_000;

/** Reads what the agent takes of the device, and what is left. */
export class SystemProbe {
  readonly #folder: string;
  #before: { readonly cpuSeconds: number; readonly atMs: number } | undefined;

  /** @param options.folder on the disk whose room is told */
  constructor(options: { folder: string }) {
    this.#folder = options.folder;
  }

  /** What the device does not tell is left out. */
  async read(): Promise<SystemFacts> {
    const [usage, diskFreeBytes, temperatureCelsius] = await Promise.all([inTime(usageOf(process.pid)), inTime(freeBytes(this.#folder)), inTime(cpuTemperature())]);
    const cpuPercent = usage === undefined ? undefined : this.#cpuPercent(usage);
    return known({ architecture: process.arch, cpuPercent, residentBytes: usage?.residentBytes, memoryAvailableBytes: process.availableMemory(), diskFreeBytes, temperatureCelsius });
  }

  /** Of one CPU since the reading before, or since the start. */
  #cpuPercent({ cpuSeconds }: ProcessUsage): number {
    const before = this.#before ?? { cpuSeconds: 0, atMs: 0 };
    const atMs = performance.now();
    this.#before = { cpuSeconds, atMs };
    const percent = ((cpuSeconds - before.cpuSeconds) * 100_000) / Math.max(1, atMs - before.atMs);
    return Math.max(0, Math.round(percent * 10) / 10);
  }
}

async function freeBytes(folder: string): Promise<number | undefined> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function inTime<Fact>(fact: Promise<Fact | undefined>): Promise<Fact | undefined> {
  return within(patienceMs, fact, () => new Error('late')).catch(() => undefined);
}

function known<Facts extends object>(facts: Facts): { [Key in keyof Facts]?: Exclude<Facts[Key], undefined> } {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as { [Key in keyof Facts]?: Exclude<Facts[Key], undefined> };
}
