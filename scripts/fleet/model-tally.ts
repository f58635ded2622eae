import type { DeviceReport } from '../../components/common/device-report.ts';
import { BoundedGroups } from '../tally/bounded-groups.ts';
import type { ModelCounts, ModelStat } from './fleet-report.ts';

type Counts = { -readonly [Key in keyof ModelCounts]: ModelCounts[Key] };
type Seen = { isActive: boolean; isSampling: boolean; predictions: number; errors: number; restarts: number };

const countNames = ['devices', 'offline', 'connected', 'active', 'sampling', 'predictions', 'errors', 'restarts'] as const;

/** Counts devices by model version, as GetDeviceFleetReport did. */
export class ModelTally {
  readonly #activeWithin: number;
  readonly #groups: BoundedGroups<Counts>;

  /** @param activeWithin seconds before a report @param most model versions to tell apart */
  constructor(activeWithin: number, most: number) {
    this.#activeWithin = activeWithin;
    this.#groups = new BoundedGroups({ most, create: noCounts, weight: ({ devices }) => devices, merge: addCounts });
  }

  add(report: DeviceReport, isConnected: boolean): void {
    for (const [key, seen] of this.#modelsOf(report)) {
      const counts = this.#groups.get(key);
      counts.devices += 1;
      counts[isConnected ? 'connected' : 'offline'] += 1;
      if (isConnected && seen.isActive) counts.active += 1;
      if (isConnected && seen.isSampling) counts.sampling += 1;
      counts.predictions += seen.predictions;
      counts.errors += seen.errors;
      counts.restarts += seen.restarts;
    }
  }

  result(): { readonly models: readonly ModelStat[]; readonly otherModels: ModelCounts } {
    const { groups, others } = this.#groups.result();
    return { models: groups.map(([key, counts]) => ({ ...modelOfKey(key), ...counts })), otherModels: others };
  }

  /** A device may have one model under several aliases; it counts once. */
  #modelsOf({ models, time }: DeviceReport): Map<string, Seen> {
    const isRecent = (moment: number | null | undefined): boolean => moment !== null && moment !== undefined && moment >= time - this.#activeWithin;
    const seen = new Map<string, Seen>();
    for (const { name, version, latestInference, latestSample, predictions, errors, restarts } of models) {
      const key = JSON.stringify([name, version ?? null]);
      const before = seen.get(key) ?? { isActive: false, isSampling: false, predictions: 0, errors: 0, restarts: 0 };
      seen.set(key, {
        isActive: before.isActive || isRecent(latestInference),
        isSampling: before.isSampling || isRecent(latestSample),
        predictions: before.predictions + predictions,
        errors: before.errors + errors,
        restarts: before.restarts + restarts,
      });
    }
    return seen;
  }
}

function modelOfKey(key: string): { name: string; version: string | null } {
  const [name, version] = JSON.parse(key) as [string, string | null];
  return { name, version };
}

function noCounts(): Counts {
  return { devices: 0, offline: 0, connected: 0, active: 0, sampling: 0, predictions: 0, errors: 0, restarts: 0 };
}

function addCounts(sum: Counts, counts: Counts): void {
  for (const name of countNames) sum[name] += counts[name];
}
