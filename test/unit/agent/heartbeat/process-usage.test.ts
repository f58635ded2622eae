import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseStat, usageOf } from '../../../../components/agent/heartbeat/process-usage.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const rest = '0 0 20 0 1 0 12345 1000000 500 18446744073709551615';

async function writeTree(files: Record<string, string>): Promise<string> {
  const root = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

test.each([
  [`7 (node) S 1 7 7 0 -1 4194304 100 200 0 0 120 30 40 10 ${rest}`, { ticks: 150, endedTicks: 50 }],
  [`7 (a ) S 1 (b)) S 1 7 7 0 -1 4194304 100 200 0 0 1 2 3 4 ${rest}`, { ticks: 3, endedTicks: 7 }],
  ['', undefined],
  ['7 (node) S 1 7', undefined],
  ['nonsense', undefined],
])('a line of stat (%s) has the times of a process', (line, times) => {
  expect(parseStat(line)).toEqual(times);
});

test('a process counts with its children, also those that have ended', async () => {
  const root = await writeTree({
    'proc/7/stat': `7 (node) S 1 7 7 0 -1 4194304 100 200 0 0 120 30 40 10 ${rest}`,
    'proc/7/status': 'Name:\tnode\nVmRSS:\t    2000 kB\n',
    'proc/7/task/7/children': '8 9 10 ',
    'proc/8/stat': `8 (node) S 7 7 7 0 -1 4194304 100 200 0 0 50 50 999 999 ${rest}`,
    'proc/8/status': 'VmRSS:\t1000 kB\n',
    // A zombie has no memory; 10 is gone already.
    'proc/9/stat': `9 (node) Z 7 7 7 0 -1 4194304 100 200 0 0 1 1 0 0 ${rest}`,
    'proc/9/status': 'Name:\tnode\n',
  });
  expect(await usageOf(7, root)).toEqual({ cpuSeconds: 3.02, residentBytes: 3_000 * 1024 });
  expect(await usageOf(11, root)).toBeUndefined();
});

test('without a list of children a process counts alone', async () => {
  const root = await writeTree({ 'proc/7/stat': `7 (node) S 1 7 7 0 -1 4194304 100 200 0 0 100 0 0 0 ${rest}`, 'proc/7/status': 'VmRSS:\t1 kB\n' });
  expect(await usageOf(7, root)).toEqual({ cpuSeconds: 1, residentBytes: 1024 });
});

test('this process has used a CPU, and a child takes memory', async () => {
  const before = await usageOf(process.pid);
  expect(before?.cpuSeconds).toBeGreaterThan(0);
  const child = spawn(process.execPath, ['-e', 'const kept = Buffer.alloc(100e6, 1); console.log("ready"); setInterval(() => kept, 1000)'], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect((await usageOf(process.pid))?.residentBytes).toBeGreaterThan((await usageOf(child.pid ?? 0))?.residentBytes ?? 0);
  expect((await usageOf(child.pid ?? 0))?.residentBytes).toBeGreaterThan(100e6);
});
