import { readFileSync, readdirSync } from 'node:fs';

/** The living children of a process, by pid. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
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
