import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';

export type CommandResult = { code: number | null; stdout: string; stderr: string };
export type RunningCommand = { process: ChildProcess; output: () => CommandResult; done: Promise<CommandResult> };

/** Starts `fescue` with arguments, as a shell would. */
export function startFescue(...args: string[]): RunningCommand {
  return startFescueIn({}, ...args);
}

/** The same, with more in its environment. */
export function startFescueIn(environment: Readonly<Record<string, string>>, ...args: string[]): RunningCommand {
  const child = spawn(process.execPath, [resolve('scripts/fescue.mjs'), ...args], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const result: CommandResult = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => void (result.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (result.stderr += chunk.toString()));
  const done = once(child, 'close').then(() => ({ ...result, code: child.exitCode }));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await done;
  });
  return { process: child, output: () => result, done };
}

/** Runs `fescue` to its end. */
export async function fescue(...args: string[]): Promise<CommandResult> {
  return startFescue(...args).done;
}

export async function fescueIn(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<CommandResult> {
  return startFescueIn(environment, ...args).done;
}
