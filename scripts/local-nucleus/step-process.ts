import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../components/common/errors.ts';
import { LineSplitter, type LogFile } from './log-file.ts';
import { commandAs, type PosixUser } from './posix-user.ts';

// A background process may hold the output open long after the script itself ended.
const outputGraceMs = 200;

export type StepExit = { readonly kind: 'exit'; readonly code: number } | { readonly kind: 'signal'; readonly signal: string } | { readonly kind: 'not-started'; readonly reason: string };

export type StepProcess = { readonly pid: number | undefined; readonly exit: Promise<StepExit> };

/**
 * Runs a script with `sh -c` in a session of its own, so that Ctrl-C in a terminal does not reach it. Its output goes
 * to the log line by line.
 *
 * @param request.user undefined for the user of this process
 */
export function startScript(request: { script: string; cwd: string; environment: Readonly<Record<string, string>>; user: PosixUser | undefined; log: LogFile }): StepProcess {
  const [program, ...args] = commandAs(request.user, request.script);
  // stdin stays open and silent, as on a device.
  const child = spawn(program, args, { cwd: request.cwd, env: request.environment, detached: true, stdio: 'pipe' });
  const outputs = [
    { stream: child.stdout, splitter: new LineSplitter((line) => request.log.write('INFO', 'stdout', line)) },
    { stream: child.stderr, splitter: new LineSplitter((line) => request.log.write('WARN', 'stderr', line)) },
  ];
  for (const { stream, splitter } of outputs) {
    stream.on('data', (chunk: Uint8Array) => splitter.push(chunk));
    stream.on('end', () => splitter.end());
  }
  const closed = Promise.withResolvers<void>();
  child.once('close', () => closed.resolve());
  const exit = Promise.withResolvers<StepExit>();
  child.once('error', (error) => exit.resolve({ kind: 'not-started', reason: messageOf(error) }));
  child.once('exit', (code, signal) => {
    const result: StepExit = signal === null ? { kind: 'exit', code: code ?? 0 } : { kind: 'signal', signal };
    void Promise.race([closed.promise, sleep(outputGraceMs)]).then(() => exit.resolve(result));
  });
  return { pid: child.pid, exit: exit.promise };
}

/** How a step ended, to follow its name in a sentence. */
export function describeExit(exit: StepExit): string {
  switch (exit.kind) {
    case 'exit':
      return `ended with exit code ${exit.code}`;
    case 'signal':
      return `was ended by ${exit.signal}`;
    case 'not-started':
      return `could not be started: ${exit.reason}`;
  }
}

export function succeeded(exit: StepExit): boolean {
  return exit.kind === 'exit' && exit.code === 0;
}
