import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Backlog } from '../../../../components/agent/heartbeat/backlog.ts';
import type { DeviceReport } from '../../../../components/common/device-report.ts';
import { reportAt } from '../../../helpers/reports.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { useLogger } from '../../../helpers/use-logger.ts';

type Opened = { backlog: Backlog; lines: Record<string, unknown>[] };

async function open(path: string, most?: { reports: number; bytes: number }): Promise<Opened> {
  const { log, lines } = useLogger();
  const backlog = new Backlog({ path, log, ...(most === undefined ? {} : { most }) });
  await backlog.load();
  return { backlog, lines };
}

/** Takes all off. @returns their times */
async function drain(backlog: Backlog): Promise<number[]> {
  const times: number[] = [];
  for (let { oldest } = backlog; oldest !== undefined; { oldest } = backlog) {
    times.push((JSON.parse(oldest.line) as DeviceReport).time);
    await backlog.remove(oldest);
  }
  return times;
}

async function fileIn(): Promise<string> {
  return join(await temporaryFolder(), 'data', 'heartbeats.jsonl');
}

test('reports come off in the order they came, also after a restart, and leave no file', async () => {
  const path = await fileIn();
  const { backlog } = await open(path);
  for (const time of [1, 2, 3]) await backlog.add(reportAt(time));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const { backlog: next, lines } = await open(path);
  await next.add(reportAt(4));
  expect(await drain(next)).toEqual([1, 2, 3, 4]);
  expect(existsSync(path)).toBe(false);
  expect(lines).toEqual([]);
});

test('what was taken off does not come back when the process ends in order, and only some of it when not', async () => {
  const path = await fileIn();
  const { backlog } = await open(path);
  for (let time = 0; time < 120; time += 1) await backlog.add(reportAt(time));
  for (let count = 0; count < 70; count += 1) if (backlog.oldest !== undefined) await backlog.remove(backlog.oldest);
  expect((await open(path)).backlog.size).toBe(70);
  await backlog.flush();
  expect(await drain((await open(path)).backlog)).toEqual(Array.from({ length: 50 }, (_, index) => 70 + index));
});

test('damaged lines are left out and told once', async () => {
  const path = await fileIn();
  const { backlog } = await open(path);
  await backlog.add(reportAt(1));
  await appendFile(path, '{"format":1,"fle\n{"some":"thing"}\n\0\0\0\n');
  await appendFile(path, `${JSON.stringify(reportAt(2))}\n{"cut off`);
  const { backlog: next, lines } = await open(path);
  expect(lines).toMatchObject([{ level: 'warn', msg: 'kept heartbeats are damaged and left out', lines: 4 }]);
  expect((await open(path)).lines).toEqual([]);
  expect(await drain(next)).toEqual([1, 2]);
});

test.each([
  ['number', { reports: 100, bytes: 1e9 }],
  ['size', { reports: 1e9, bytes: 100 * (JSON.stringify(reportAt(1_000)).length + 1) }],
])('beyond a %s the older ones are thinned out, the latest all stay', async (_, most) => {
  const path = await fileIn();
  const { backlog } = await open(path, most);
  for (let time = 1_000; time < 1_400; time += 1) await backlog.add(reportAt(time));
  expect(backlog.size).toBeLessThanOrEqual(100);
  expect(backlog.size).toBeGreaterThan(70);
  const times = await drain((await open(path, most)).backlog);
  const latest = Array.from({ length: 40 }, (__, index) => 1_360 + index);
  expect(times.slice(-40)).toEqual(latest);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(times[0]).toBeLessThan(1_290);
});

test('one that was given up meanwhile takes no other with it', async () => {
  const { backlog } = await open(await fileIn(), { reports: 3, bytes: 1e9 });
  for (const time of [1, 2, 3]) await backlog.add(reportAt(time));
  const { oldest } = backlog;
  await backlog.add(reportAt(4));
  if (oldest !== undefined) await backlog.remove(oldest);
  expect(await drain(backlog)).toEqual([2, 3, 4]);
});

test('a disk that cannot be written is told once, and costs nothing before the next start', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'data'), 'no folder');
  const { backlog, lines } = await open(join(folder, 'data', 'heartbeats.jsonl'));
  for (const time of [1, 2, 3]) await backlog.add(reportAt(time));
  expect(await drain(backlog)).toEqual([1, 2, 3]);
  expect(lines.map(({ msg }) => msg)).toEqual(['heartbeats kept by the process before cannot be read', 'heartbeats that wait cannot be written to the disk and are kept in memory only']);
});

test('a disk that can be written again gets what it has missed', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'data'), 'no folder');
  const path = join(folder, 'data', 'heartbeats.jsonl');
  const { backlog } = await open(path);
  for (const time of [1, 2]) await backlog.add(reportAt(time));
  await rm(join(folder, 'data'));
  await backlog.add(reportAt(3));
  expect(await drain((await open(path)).backlog)).toEqual([1, 2, 3]);
});

test('a file that is a folder is told, and reports are kept in memory', async () => {
  const path = await fileIn();
  await mkdir(path, { recursive: true });
  await chmod(path, 0o700);
  const { backlog, lines } = await open(path);
  await backlog.add(reportAt(1));
  expect(backlog.size).toBe(1);
  expect(lines).toHaveLength(2);
  await expect(readFile(path)).rejects.toMatchObject({ code: 'EISDIR' });
});
