import { readdirSync } from 'node:fs';
import { onTestFinished, vi } from 'vitest';
import { FescueError } from '../../components/common/errors.ts';
import { segmentStatus } from '../../components/common/shared-memory.ts';
import { listProcesses, withDescendants } from '../../scripts/local-nucleus/process-tree.ts';
import { isAlive } from './processes.ts';
import type { CommandResult, RunningCommand } from './run-command.ts';
import { segmentsOf } from './segments.ts';
import { temporaryFolder } from './temporary-folder.ts';

const lookEveryMs = 20;

/** Commands started from here on have a folder of their own for temporary files. */
export async function useTemporaryFiles(): Promise<string> {
  vi.unstubAllEnvs();
  const folder = await temporaryFolder();
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  return folder;
}

/** Waits for the end of a command. @returns what is left of it: processes, shared memory segments, temporary files */
export async function tracesOf(command: RunningCommand, temporaryFiles: string): Promise<{ result: CommandResult; traces: string[] }> {
  const seen = new Set<number>();
  const look = (): void => withDescendants(listProcesses(), [command.process.pid ?? 0]).forEach(({ pid }) => seen.add(pid));
  const watch = setInterval(look, lookEveryMs);
  look();
  const result = await command.done;
  clearInterval(watch);
  const processes = [...seen].filter(isAlive).map((pid) => `process ${pid}`);
  const segments = [...seen].flatMap(segmentsOf).filter((id) => !isRemoved(id)).map((id) => `segment ${id}`);
  return { result, traces: [...processes, ...segments, ...readdirSync(temporaryFiles).filter((name) => name.startsWith('fescue-'))] };
}

/** Whether a segment is gone, or goes with the last process that has it attached, such as the worker of a running agent. */
function isRemoved(id: number): boolean {
  try {
    return segmentStatus(id).removed;
  } catch (error) {
    if (error instanceof FescueError) return true;
    throw error;
  }
}
