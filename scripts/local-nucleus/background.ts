import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, resolve as absolute } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FescueError } from '../../components/common/errors.ts';
import { inCheckout } from '../packaging/paths.ts';
import { credentialsFileOf } from './command-line-credentials.ts';
import { readProcess } from './process-tree.ts';
import { runningNucleus } from './running-file.ts';
import { storeAt } from './store.ts';

const startTimeoutMs = 60_000;
// Each component may take its shutdown step's time, and twice five seconds.
const stopTimeoutMs = 120_000;
const pollMs = 50;

/** What `fescue nucleus run` takes, besides the root. */
export type BackgroundOptions = {
  readonly root: string;
  readonly thingName?: string | undefined;
  readonly region?: string | undefined;
  readonly credentials?: string | undefined;
  readonly credentialLife?: number | undefined;
  readonly posixUser?: string | undefined;
  readonly notifyComponents?: boolean | undefined;
};

/**
 * Starts a nucleus in the background unless one works below the root already, and resolves when it serves. It outlives
 * this process.
 *
 * @returns its pid, and whether it was started now; the options mean nothing to one that ran already
 * @throws FescueError `failed-precondition` with the reason when it cannot start, `deadline-exceeded` when it does not serve in time
 */
export async function ensureNucleus(options: BackgroundOptions): Promise<{ pid: number; started: boolean }> {
  const root = absolute(options.root);
  const running = await runningNucleus(storeAt(root).runningFile);
  if (running !== undefined) return { pid: await serving(root, undefined), started: false };
  const log = storeAt(root).log('greengrass');
  await mkdir(root, { recursive: true, mode: options.posixUser === undefined ? 0o700 : 0o755 });
  await mkdir(dirname(log), { recursive: true });
  const logged = existsSync(log) ? (await stat(log)).size : 0;
  const child = startDetached({ ...options, root }, log);
  try {
    const pid = await serving(root, child);
    if (pid !== child.pid) await endLoser(child);
    return { pid, started: pid === child.pid };
  } catch (error) {
    if (!(error instanceof ChildEnded)) throw error;
    const lines = (await readFile(log)).subarray(logged).toString().trim();
    throw new FescueError('failed-precondition', `The nucleus could not be started below ${root}: ${lines.replaceAll(/^fescue: /gm, '') || `it ended with ${child.exitCode ?? child.signalCode}`}. Its log is ${log}.`);
  } finally {
    child.unref();
  }
}

/** Whether a nucleus works below the root, by its pid. */
export async function nucleusPid(root: string): Promise<number | undefined> {
  return (await runningNucleus(storeAt(absolute(root)).runningFile))?.pid;
}

/**
 * Ends the nucleus of a root in order, and resolves when it is gone.
 *
 * @returns its pid, or undefined when none ran
 * @throws FescueError `deadline-exceeded` when it takes too long
 */
export async function stopNucleus(root: string): Promise<number | undefined> {
  const running = await runningNucleus(storeAt(absolute(root)).runningFile);
  if (running === undefined) return undefined;
  process.kill(running.pid, 'SIGTERM');
  const deadline = performance.now() + stopTimeoutMs;
  while (isThere(running)) {
    if (performance.now() > deadline) throw new FescueError('deadline-exceeded', `The nucleus, process ${running.pid}, is still stopping after ${stopTimeoutMs / 1000} s. Its log is ${storeAt(absolute(root)).log('greengrass')}.`);
    await sleep(pollMs);
  }
  return running.pid;
}

/** The process that was to serve is gone. */
class ChildEnded extends Error {}

/** Resolves with the pid of the nucleus of a root when it serves: its credentials file is what it writes last. */
async function serving(root: string, child: ChildProcess | undefined): Promise<number> {
  const store = storeAt(root);
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    const running = await runningNucleus(store.runningFile);
    if (running !== undefined && existsSync(credentialsFileOf(store.commandLineFolder, process.getuid?.() ?? 0))) return running.pid;
    const ended = child === undefined ? running === undefined : child.exitCode !== null || child.signalCode !== null;
    // Ours may have lost against another that was started at the same time.
    if (ended && running === undefined) throw new ChildEnded('the nucleus ended');
    if (performance.now() > deadline) throw new FescueError('deadline-exceeded', `The nucleus below ${root} does not serve after ${startTimeoutMs / 1000} s. Its log is ${store.log('greengrass')}.`);
    await sleep(pollMs);
  }
}

/** Another nucleus was quicker. Ours would find that out by itself, but must not come up later, when that one was stopped. */
async function endLoser(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

function startDetached(options: BackgroundOptions, log: string): ChildProcess {
  const output = openSync(log, 'a', 0o644);
  try {
    // Standard output would hold the messages to AWS IoT Core.
    const child = spawn(process.execPath, ['--initial-old-space-size=64', inCheckout('scripts/fescue.ts'), 'nucleus', 'run', '--quiet', ...argumentsOf(options)], { cwd: options.root, detached: true, stdio: ['ignore', 'ignore', output] });
    child.on('error', () => undefined);
    return child;
  } finally {
    closeSync(output);
  }
}

function argumentsOf({ root, thingName, region, credentials, credentialLife, posixUser, notifyComponents }: BackgroundOptions): string[] {
  const source = credentials === undefined || credentials === 'generated' || credentials === 'environment' ? credentials : absolute(credentials);
  const values = { '--root': root, '--thing-name': thingName, '--region': region, '--credentials': source, '--credential-life': credentialLife, '--posix-user': posixUser };
  const given = Object.entries(values).flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]));
  return [...given, ...(notifyComponents === true ? ['--notify-components'] : [])];
}

function isThere({ pid, startTime }: { pid: number; startTime: string }): boolean {
  const found = readProcess(pid);
  return found !== undefined && found.startTime === startTime && found.alive;
}
