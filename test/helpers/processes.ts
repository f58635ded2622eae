import { readFileSync, readdirSync } from 'node:fs';
import { readProcess } from '../../scripts/local-nucleus/process-tree.ts';

/** The pids of the living children of a process, the oldest first. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid)
    // Numbers begin anew at the highest one, so they do not tell who came first.
    .toSorted((one, other) => startOf(one) - startOf(other));
}

/** When a process was started, in clock ticks since boot. */
function startOf(pid: number): number {
  return Number(readProcess(pid)?.startTime);
}

/** Whether the process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  return parentOf(pid) !== undefined;
}

function parentOf(pid: number): number | undefined {
  try {
    // After the command name in parentheses: state, parent pid, …
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch (error) {
    // The process ended between listing and reading.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
