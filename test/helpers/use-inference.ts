import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';

export const samplePackage = resolve('components/models/efficientnet-lite0/package');
export const photoFolder = resolve('components/inference/photos');

export type Result = { image: string; 'inference-results': { Label: string; Score: number }[]; [key: string]: unknown };

export type RunningInference = {
  pid: number;
  /** What it published, one per image. */
  results: () => Result[];
  /** What it logged. */
  logged: () => Record<string, unknown>[];
  /** Everything on stderr, logs and messages. */
  errors: () => string;
  stop: (signal?: NodeJS.Signals) => Promise<number | null>;
  exited: Promise<number | null>;
};

/** Starts the inference component by hand: results on stdout, logs on stderr. */
export function useInference(flags: Record<string, string | number>, options: { cwd?: string; environment?: NodeJS.ProcessEnv; wrap?: (command: readonly string[]) => [string, ...string[]] } = {}): RunningInference {
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const command: [string, ...string[]] = [process.execPath, resolve('components/inference/main.ts'), ...args];
  const [program, ...given] = options.wrap?.(command) ?? command;
  const child = spawn(program, given, { stdio: ['ignore', 'pipe', 'pipe'], ...(options.cwd === undefined ? {} : { cwd: options.cwd }), env: { ...process.env, ...options.environment } });
  let [printed, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => void (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  const exited = once(child, 'close').then(() => child.exitCode);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  onTestFinished(async () => void (await stop('SIGKILL')));
  const objects = (text: string): Record<string, unknown>[] => text.split('\n').slice(0, -1).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
  return { pid: child.pid ?? 0, results: () => objects(printed) as Result[], logged: () => objects(errors), errors: () => errors, stop, exited };
}
