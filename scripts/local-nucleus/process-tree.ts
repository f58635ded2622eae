import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../../components/common/errors.ts';

const graceMs = 5000;
/** /proc counts time in ticks of this length on every architecture. */
const tickMs = 10;

export type ProcessInfo = {
  readonly pid: number;
  readonly parent: number;
  /** Clock ticks since boot: together with the pid it names one process for good. */
  readonly startTime: string;
  /** Time on a CPU so far, of all its threads. */
  readonly cpuMs: number;
  readonly alive: boolean;
};

/** Which processes belong to a component: all that inherited its token, and all below `pid`. */
export type Family = { readonly token?: string; readonly pid?: number | undefined };

/**
 * Ends a family the way the nucleus does: SIGTERM to descendants before their parents, 5 s of patience, SIGKILL to who
 * is left and again up to 5 s.
 *
 * @returns the pids that live on, which only an unkillable process does
 */
export async function endFamily(family: Family): Promise<number[]> {
  // Kept across rounds: once a parent is gone, its children can no longer be found below it.
  const known = new Map<number, string>();
  if (await allGoneAfter('SIGTERM', family, known)) return [];
  return (await allGoneAfter('SIGKILL', family, known)) ? [] : survivors(family, known).map(({ pid }) => pid);
}

/** Signals every member once, also those that were just being started. */
async function allGoneAfter(signal: 'SIGTERM' | 'SIGKILL', family: Family, known: Map<number, string>): Promise<boolean> {
  const signalled = new Set<number>();
  const deadline = performance.now() + graceMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const alive = survivors(family, known);
    if (alive.length === 0) return true;
    if (performance.now() > deadline) return false;
    for (const { pid } of alive.filter((one) => !signalled.has(one.pid))) {
      signalled.add(pid);
      sendSignal(pid, signal);
    }
    await sleep(pauseMs);
  }
}

function sendSignal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // EPERM: it changed its user; the caller hears of it as a survivor.
    if (!hasCode(error, 'ESRCH', 'EPERM')) throw error;
  }
}

/** The living members, deepest first; new ones are added to `known`. */
function survivors(family: Family, known: Map<number, string>): ProcessInfo[] {
  const processes = listProcesses();
  const isKnown = ({ pid, startTime }: ProcessInfo): boolean => known.get(pid) === startTime;
  const seeds = processes.filter((one) => one.alive && (one.pid === family.pid || isKnown(one) || (family.token !== undefined && hasToken(one.pid, family.token))));
  const members = withDescendants(processes, seeds.map(({ pid }) => pid));
  for (const { pid, startTime } of members) known.set(pid, startTime);
  return members;
}

/** The given processes and all below them, descendants before their ancestors; the dead are left out. */
export function withDescendants(processes: readonly ProcessInfo[], pids: readonly number[]): ProcessInfo[] {
  const children = Map.groupBy(processes, ({ parent }) => parent);
  const ordered = new Map<number, ProcessInfo>();
  const visit = (one: ProcessInfo): void => {
    if (ordered.has(one.pid)) return;
    for (const child of children.get(one.pid) ?? []) visit(child);
    ordered.set(one.pid, one);
  };
  for (const one of processes) if (pids.includes(one.pid)) visit(one);
  return [...ordered.values()].filter(({ alive }) => alive);
}

/** All processes of this machine, from /proc. */
export function listProcesses(): ProcessInfo[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => readProcess(Number(pid)) ?? []);
}

/** One process, or undefined when there is none of that pid. */
export function readProcess(pid: number): ProcessInfo | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is a program name in parentheses, which may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const cpuMs = (Number(fields[11]) + Number(fields[12])) * tickMs;
  return { pid, parent: Number(fields[1]), startTime: fields[19] ?? '', cpuMs, alive: fields[0] !== 'Z' && fields[0] !== 'X' };
}

// The environment a program was started with is inherited by all it starts, also by daemons that left their session.
function hasToken(pid: number, token: string): boolean {
  return readProc(`/proc/${pid}/environ`)?.split('\0').includes(`SVCUID=${token}`) ?? false;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}
