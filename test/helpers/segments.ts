import { readFileSync } from 'node:fs';

/** The System V segments of this machine that a process created or has attached, by id. */
export function segmentsOf(creatorPid: number): number[] {
  const [, ...rows] = readFileSync('/proc/sysvipc/shm', 'utf8').trimEnd().split('\n');
  // key shmid perms size cpid lpid nattch …
  return rows.map((row) => row.trim().split(/\s+/).map(Number)).filter((columns) => columns[4] === creatorPid).map((columns) => columns[1] ?? -1);
}
