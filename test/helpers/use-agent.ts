import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { AgentClient } from '../../components/common/agent-client.ts';
import { childrenOf, isAlive } from './processes.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const agentMain = resolve('components/agent/main.ts');

export type RunningAgent = {
  client: AgentClient;
  process: ChildProcess;
  pid: number;
  socketPath: string;
  folder: string;
  /** Everything the agent printed so far. */
  output(): string;
  workers(): number[];
  /** Sends a signal and resolves with the exit code, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
};

/**
 * Starts a real agent process on a socket of its own, from the sources or from `program`, with `folder` as its working
 * directory, by the command line that `wrap` makes of its own. When the test ends the agent is stopped, and neither its
 * socket nor any worker may be left.
 */
export async function useAgent(options: { args?: string[]; folder?: string; socketPath?: string; program?: string; environment?: NodeJS.ProcessEnv; wrap?: (command: readonly string[]) => [string, ...string[]] } = {}): Promise<RunningAgent> {
  const folder = options.folder ?? (await temporaryFolder());
  const socketPath = options.socketPath ?? join(folder, 'agent.sock');
  const command: [string, ...string[]] = [process.execPath, options.program ?? agentMain, '-a', socketPath, ...(options.args ?? [])];
  const [program, ...args] = options.wrap?.(command) ?? command;
  const child = spawn(program, args, { cwd: folder, env: { ...process.env, ...options.environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const pid = child.pid;
  if (pid === undefined) throw new Error('the agent could not be started');

  const client = new AgentClient({ socketPath });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> => {
    const workers = childrenOf(pid);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    await eventually(() => workers.every((worker) => !isAlive(worker)), 'every worker to end with its agent');
    return child.exitCode ?? child.signalCode ?? 'unknown';
  };
  onTestFinished(async () => {
    client.close();
    await stop();
    if (child.signalCode === null && existsSync(socketPath)) throw new Error(`the agent left ${socketPath} behind`);
  });
  const ended = once(child, 'close').then(() => Promise.reject(new Error('it ended')));
  await Promise.race([client.waitUntilReady(20_000), ended]).catch((error: unknown) => {
    throw new Error(`the agent did not start: ${printed.join('')}`, { cause: error });
  });
  ended.catch(() => undefined);
  return { client, process: child, pid, socketPath, folder, output: () => printed.join(''), workers: () => childrenOf(pid), stop };
}

/** Waits until a condition holds; fails after 20 seconds, naming it. */
export async function eventually(condition: () => boolean | Promise<boolean>, name: string): Promise<void> {
  const giveUpAt = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`waited in vain for ${name}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
