import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a process and its children take. */
export type ProcessUsage = {
  /** Time on CPUs since the process began, also of children that have ended, in seconds. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
};

/** What `/proc/<pid>/stat` counts in, on every architecture. */
const ticksPerSecond = 100;
const mostChildren = 256;

/** @param root where `/proc` is, for tests. @returns undefined on a system without it */
export async function usageOf(pid: number, root = '/'): Promise<ProcessUsage | undefined> {
  const folder = (one: number): string => join(root, 'proc', String(one));
  const own = await statOf(folder(pid));
  if (own === undefined) return undefined;
  const listed = (await read(join(folder(pid), 'task', String(pid), 'children'))) ?? '';
  const children = listed.split(' ').map(Number).filter((one) => one > 0).slice(0, mostChildren);
  const all = await Promise.all(children.map(async (one) => statOf(folder(one))));
  const ticks = all.reduce((sum, one) => sum + (one?.ticks ?? 0), own.ticks + own.endedTicks);
  const bytes = await Promise.all([pid, ...children].map(async (one) => residentBytesOf(folder(one))));
  return { cpuSeconds: ticks / ticksPerSecond, residentBytes: bytes.reduce((sum, one) => sum + one, 0) };
}

type Stat = { readonly ticks: number; readonly endedTicks: number };

async function statOf(folder: string): Promise<Stat | undefined> {
  return parseStat((await read(join(folder, 'stat'))) ?? '');
}

/** @returns the time of a process, and that of its children that have ended, from its line in `/proc/<pid>/stat` */
export function parseStat(line: string): Stat | undefined {
  // The name in front may hold spaces and parentheses.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number);
  if (user === undefined || system === undefined || endedUser === undefined || endedSystem === undefined || Number.isNaN(user + system + endedUser + endedSystem)) return undefined;
  return { ticks: user + system, endedTicks: endedUser + endedSystem };
}

/** From `status`, for `stat` counts in pages, whose size Node cannot tell. */
async function residentBytesOf(folder: string): Promise<number> {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec((await read(join(folder, 'status'))) ?? '')?.[1];
  return Number(kibibytes ?? 0) * 1024;
}

/** Undefined for a process that has ended meanwhile, or a kernel that does not tell. */
async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
