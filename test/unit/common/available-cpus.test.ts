import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { availableCpus } from '../../../components/common/available-cpus.ts';
import { systemOf } from '../../helpers/system-files.ts';

const all = availableParallelism();

describe('available CPUs', () => {
  test.each<[string, Record<string, string>, number]>([
    ['nothing limits them', {}, all],
    ['a group of version 2 has no quota', { 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/cpu.max': 'max 100000\n' }, all],
    ['a group of version 2 gets half a CPU', { 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/cpu.max': '50000 100000\n' }, 1],
    ['a group around it gets one CPU', { 'proc/self/cgroup': '0::/a/b\n', 'sys/fs/cgroup/a/cpu.max': '100000 100000\n', 'sys/fs/cgroup/a/b/cpu.max': 'max 100000\n' }, 1],
    ['a quota is beyond them', { 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/cpu.max': `${(all + 1) * 100_000} 100000\n` }, all],
    ['a group of version 1 has no quota', { 'proc/self/cgroup': '3:cpu,cpuacct:/a\n', 'sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '-1\n', 'sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '100000\n' }, all],
    ['a group of version 1 gets one and a half CPUs', { 'proc/self/cgroup': '3:cpu:/a\n', 'sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '75000\n', 'sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '50000\n' }, 1],
    ['the mount point of a container gets one CPU', { 'proc/self/cgroup': '3:cpu:/docker/abc\n', 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '100000\n', 'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' }, 1],
  ])('where %s', async (_, files, expected) => {
    expect(availableCpus(await systemOf(files))).toBe(expected);
  });

  test('are those of the affinity', () => {
    const program = `import { availableCpus } from ${JSON.stringify(import.meta.resolve('../../../components/common/available-cpus.ts'))}; console.log(availableCpus());`;
    const { stdout } = spawnSync('taskset', ['-c', '0', process.execPath, '--input-type=module', '--eval', program], { encoding: 'utf8' });
    expect(stdout).toBe('1\n');
  });
});
