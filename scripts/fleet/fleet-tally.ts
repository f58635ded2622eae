import type { DeviceReport } from '../../components/common/device-report.ts';
import { BoundedGroups } from '../tally/bounded-groups.ts';
import { Distribution } from '../tally/distribution.ts';
import { WorstList } from '../tally/worst-list.ts';
import type { FleetDevice, ProblemReason } from './device.ts';
import type { DeviceCounts, Figures, FleetFindings, TopEntry, TopLists } from './fleet-report.ts';
import { type MeasureName, measureNames, measures } from './measures.ts';
import { ModelTally } from './model-tally.ts';
import { standingOf, type StandingOptions, type Standings } from './standing.ts';

/** @property activeWithin seconds before its report within which a model counts as active, or as sampling */
export type TallyOptions = Pick<StandingOptions, 'silentAfter'> & { readonly activeWithin: number };

const mostModels = 1_000;
const mostVersions = 200;
const mostTop = 10;
const mostExamples = 3;
const topNames = ['longestSilent', 'mostCrashes', 'fullestSpool', 'hottest', 'lowestDisk'] as const satisfies readonly (keyof TopLists)[];

type VersionCounts = { devices: number; connected: number };
type Problem = { count: number; readonly examples: { device: string; detail: string }[] };

/** Adds up devices one by one. What it takes of memory does not depend on how many they are. */
export class FleetTally {
  readonly #options: TallyOptions;
  readonly #counts = { connected: 0, silent: 0, stopped: 0, 'never-reported': 0, unreadable: 0 };
  readonly #models: ModelTally;
  readonly #versions = new BoundedGroups<VersionCounts>({ most: mostVersions, create: () => ({ devices: 0, connected: 0 }), weight: ({ devices }) => devices, merge: addVersion });
  readonly #figures = new Map<MeasureName, Distribution>(measureNames.map((name) => [name, new Distribution(measures[name].edges)]));
  readonly #top = Object.fromEntries(topNames.map((name) => [name, new WorstList<TopEntry>(mostTop)])) as Record<keyof TopLists, WorstList<TopEntry>>;
  readonly #problems = new Map<ProblemReason, Problem>();
  readonly #crashes = { total: 0, devices: 0 };
  #clockAhead = 0;
  #cloud: { connected: number } | undefined;

  constructor(options: TallyOptions) {
    this.#options = options;
    this.#models = new ModelTally(options.activeWithin, mostModels);
  }

  /** @param now when it was read, in seconds since 1970 */
  add(device: FleetDevice, now: number): void {
    const stands = standingOf(device, { now, silentAfter: this.#options.silentAfter });
    this.#counts[stands.standing] += 1;
    if (stands.clockAhead !== undefined) this.#clockAhead += 1;
    if (device.isConnected !== undefined) this.#cloud = { connected: (this.#cloud?.connected ?? 0) + (device.isConnected ? 1 : 0) };
    if (device.problem !== undefined) this.#addProblem(device.name, device.problem);
    if (device.report !== undefined) this.#addReport(device.name, device.report, stands);
  }

  findings(): FleetFindings {
    const versions = this.#versions.result();
    return {
      devices: this.#deviceCounts(),
      crashes: { ...this.#crashes },
      agentVersions: versions.groups.map(([version, counts]) => ({ version, ...counts })),
      otherAgentVersions: versions.others,
      ...this.#models.result(),
      figures: Object.fromEntries([...this.#figures].map(([name, distribution]) => [name, figuresOf(distribution, measures[name].edges)])) as Record<MeasureName, Figures>,
      top: Object.fromEntries(topNames.map((name) => [name, this.#top[name].items])) as Record<keyof TopLists, TopEntry[]>,
      problems: [...this.#problems].map(([reason, { count, examples }]) => ({ reason, count, examples })).toSorted((a, b) => b.count - a.count),
    };
  }

  #deviceCounts(): DeviceCounts {
    const { connected, silent, stopped, unreadable, 'never-reported': neverReported } = this.#counts;
    const reported = connected + silent + stopped;
    return { registered: reported + neverReported + unreadable, reported, connected, silent, stopped, neverReported, unreadable, clockAhead: this.#clockAhead, cloudConnected: this.#cloud?.connected ?? null };
  }

  #addProblem(device: string, { reason, detail }: { reason: ProblemReason; detail: string }): void {
    const problem = this.#problems.get(reason) ?? { count: 0, examples: [] };
    problem.count += 1;
    if (problem.examples.length < mostExamples) problem.examples.push({ device, detail });
    this.#problems.set(reason, problem);
  }

  #addReport(device: string, report: DeviceReport, { standing, age = 0 }: Standings): void {
    const isConnected = standing === 'connected';
    const { crashes, version } = report.agent;
    const counts = this.#versions.get(version);
    counts.devices += 1;
    if (isConnected) counts.connected += 1;
    this.#models.add(report, isConnected);
    this.#crashes.total += crashes;
    if (crashes > 0) this.#crashes.devices += 1;
    this.#lead('mostCrashes', device, crashes);
    this.#lead('fullestSpool', device, report.spool?.bytes ?? 0);
    if (standing === 'silent') this.#lead('longestSilent', device, age);
    if (isConnected) this.#addCurrent(device, report);
  }

  /** What is only true while a device is there. */
  #addCurrent(device: string, report: DeviceReport): void {
    for (const [name, distribution] of this.#figures) {
      for (const value of measures[name].values(report)) distribution.add(value);
    }
    const { temperatureCelsius, diskFreeBytes } = report.system;
    if (typeof temperatureCelsius === 'number') this.#top.hottest.add(temperatureCelsius, { device, value: temperatureCelsius });
    if (typeof diskFreeBytes === 'number') this.#top.lowestDisk.add(-diskFreeBytes, { device, value: diskFreeBytes });
  }

  /** Who has none leads nothing. */
  #lead(list: 'mostCrashes' | 'fullestSpool' | 'longestSilent', device: string, value: number): void {
    if (value > 0) this.#top[list].add(value, { device, value });
  }
}

function addVersion(sum: VersionCounts, counts: VersionCounts): void {
  sum.devices += counts.devices;
  sum.connected += counts.connected;
}

function figuresOf(distribution: Distribution, edges: readonly number[]): Figures {
  const orNull = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value);
  const [p5, p50, p95, p99] = distribution.quantiles([0.05, 0.5, 0.95, 0.99]).map(orNull);
  return {
    count: distribution.count,
    min: orNull(distribution.min),
    mean: orNull(distribution.mean),
    p5: p5 ?? null,
    p50: p50 ?? null,
    p95: p95 ?? null,
    p99: p99 ?? null,
    max: orNull(distribution.max),
    histogram: { edges, counts: distribution.between },
  };
}
