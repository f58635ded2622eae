import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { availableBytes, memoryNeeded } from '../../../components/agent/memory-budget.ts';
import { makePipe } from '../../helpers/make-pipe.ts';
import { systemOf } from '../../helpers/system-files.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const meminfo = 'MemTotal:       8000000 kB\nMemFree:         100000 kB\nMemAvailable:   4000000 kB\n';
const system = 4_000_000 * 1024;

describe('available memory', () => {
  test('is the system\'s where nothing limits it', async () => {
    expect(availableBytes(await systemOf({ 'proc/meminfo': meminfo, 'proc/self/cgroup': '0::/user.slice\n', 'sys/fs/cgroup/user.slice/memory.max': 'max\n', 'sys/fs/cgroup/user.slice/memory.current': '5000\n' }))).toBe(system);
  });

  test('is what a control group leaves, its page cache included', async () => {
    const files = { 'memory.max': '1000000\n', 'memory.current': '900000\n', 'memory.stat': 'anon 1\nactive_file 200000\ninactive_file 100000\nactive_anon 7\n' };
    const group = Object.fromEntries(Object.entries(files).map(([name, content]) => [`sys/fs/cgroup/a/b/${name}`, content]));
    expect(availableBytes(await systemOf({ 'proc/meminfo': meminfo, 'proc/self/cgroup': '0::/a/b\n', ...group }))).toBe(400_000);
  });

  test('is what the tightest of nested groups leaves', async () => {
    const root = await systemOf({
      'proc/meminfo': meminfo,
      'proc/self/cgroup': '0::/a/b\n',
      'sys/fs/cgroup/a/memory.max': '600\n',
      'sys/fs/cgroup/a/memory.current': '500\n',
      'sys/fs/cgroup/a/b/memory.max': '1000\n',
      'sys/fs/cgroup/a/b/memory.current': '100\n',
    });
    expect(availableBytes(root)).toBe(100);
  });

  test('is found in version 1 as well, and at the mount point of a container', async () => {
    const group = { 'sys/fs/cgroup/memory/memory.limit_in_bytes': '1000\n', 'sys/fs/cgroup/memory/memory.usage_in_bytes': '400\n', 'sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 50\n' };
    expect(availableBytes(await systemOf({ 'proc/meminfo': meminfo, 'proc/self/cgroup': '4:cpu,cpuacct:/x\n9:memory:/docker/abc\n', ...group }))).toBe(650);
  });

  test('is unlimited where nothing can be read', async () => {
    expect(availableBytes(await systemOf({}))).toBe(Infinity);
  });
});

describe('the memory a model needs', () => {
  const manifestOf = (bytes: number): string => JSON.stringify({ metadata: { model_name: 'a', model_version: '1' }, format: 'onnx', entry: 'model.onnx', files: { 'model.onnx': { sha256: '0'.repeat(64), bytes } } });

  test('is that of a worker and twice its weights, for every instance', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'model.onnx'), '');
    await truncate(join(folder, 'model.onnx'), 100e6);
    await writeFile(join(folder, 'sagemaker_edge_manifest'), manifestOf(50e6));
    expect(await memoryNeeded(join(folder, 'model.onnx'), 1)).toBe(264e6);
    expect(await memoryNeeded(folder, 2)).toBe(328e6);
  });

  test('is a worker\'s where there is no manifest to read', async () => {
    const folder = await temporaryFolder();
    for (const path of [folder, '/nowhere']) expect(await memoryNeeded(path, 1)).toBe(64e6);
    await makePipe(join(folder, 'sagemaker_edge_manifest'));
    expect(await memoryNeeded(folder, 1)).toBe(64e6);
  });
});
