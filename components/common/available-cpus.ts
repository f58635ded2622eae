import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { controlGroups, readText, type ControlGroup } from './control-groups.ts';

/**
 * The CPUs this process may really use, at least one: those of its affinity, or fewer where a control group gives it
 * less time than they have. Node asks libuv, which misses quotas where the `cpu` controller has a hierarchy of its own.
 *
 * @param root where `/proc` and `/sys` are, for tests
 */
export function availableCpus(root = '/'): number {
  return Math.max(1, Math.floor(Math.min(availableParallelism(), ...controlGroups('cpu', root).map(quotaOf))));
}

/** How many CPUs' time a group gets; Infinity without a limit. */
function quotaOf({ version, folder }: ControlGroup): number {
  const [quota, period] =
    version === 2 ? (readText(join(folder, 'cpu.max')) ?? 'max').split(' ') : [readText(join(folder, 'cpu.cfs_quota_us')) ?? '-1', readText(join(folder, 'cpu.cfs_period_us')) ?? '100000'];
  const cpus = Number.parseInt(quota ?? '', 10) / Number.parseInt(period ?? '', 10);
  return cpus > 0 ? cpus : Infinity;
}
