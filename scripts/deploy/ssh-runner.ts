import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FescueError } from '../../components/common/errors.ts';
import { type Argv, type Finished, programMissing, type ProcessOptions, runProcess } from './run-process.ts';
import { shellQuote } from './quote.ts';
import { type Folders, lastLine, mustRun, type Runner } from './runner.ts';

/** Below the home folder of the user there. */
const remoteFolder = '.cache/fescue/deploy';

/** What ssh itself answers with when there is no connection. */
const connectionFailed = 255;

/**
 * Runs commands on another machine over ssh, all through one connection. Nothing asks for a password: whoever cannot
 * log in with a key is refused at once.
 *
 * @param host `host` or `user@host`, as ssh and its configuration know it
 * @param signal ends the copying of folders
 * @throws FescueError `invalid-argument` on a host that ssh could take for an option
 */
export async function sshRunner(host: string, signal: AbortSignal): Promise<Runner> {
  checkHost(host);
  const controlFolder = await mkdtemp(join(tmpdir(), 'fescue-ssh-'));
  return new SshRunner({ host, controlFolder, signal });
}

/** @throws FescueError `invalid-argument` */
export function checkHost(host: string): void {
  if (/^(?:[\w.+][\w.+-]*@)?[\w[][\w.:%[\]-]*$/.test(host)) return;
  throw new FescueError('invalid-argument', `${JSON.stringify(host)} is no host to connect to: expected host or user@host, such as pi@camera-4. Give ports and keys in ~/.ssh/config.`);
}

class SshRunner implements Runner {
  readonly host: string;
  readonly #controlFolder: string;
  readonly #signal: AbortSignal;

  constructor(options: { host: string; controlFolder: string; signal: AbortSignal }) {
    this.host = options.host;
    this.#controlFolder = options.controlFolder;
    this.#signal = options.signal;
  }

  async run(argv: Argv, options?: ProcessOptions): Promise<Finished> {
    const finished = await runProcess(['ssh', ...this.#options(), '--', this.host, shellQuote(argv)], options);
    this.#refuseUnconnected(finished, options);
    return finished;
  }

  shown(argv: Argv): string {
    return shellQuote(['ssh', this.host, shellQuote(argv)]);
  }

  async send(folders: Folders): Promise<Folders> {
    const there = await mustRun(this, ['sh', '-c', 'mkdir -p "$1/recipes" "$1/artifacts" && cd "$1" && pwd -P', 'sh', remoteFolder]);
    const base = there.stdout.trimEnd();
    for (const argv of this.#copies(folders, base, ['-e', shellQuote(['ssh', ...this.#options()])])) {
      const finished = await runProcess(argv, { signal: this.#signal });
      if (this.#signal.aborted) throw new FescueError('cancelled', `Copying to ${this.host} was interrupted, and nothing was deployed. What has arrived is kept for the next time.`);
      this.#refuseUnconnected(finished);
      if (finished.code !== 0) throw new FescueError('unavailable', `The folders could not be copied to ${this.host}: ${rsyncProblem(finished)}. What has arrived is kept; deploy again to go on from there.`);
    }
    return below(base);
  }

  async sending(folders: Folders): Promise<{ lines: readonly string[]; folders: Folders }> {
    const { stdout } = await mustRun(this, ['pwd', '-P']);
    const base = join(stdout.trimEnd(), remoteFolder);
    return { lines: [this.shown(['mkdir', '-p', join(base, 'recipes'), join(base, 'artifacts')]), ...this.#copies(folders, base, []).map(shellQuote)], folders: below(base) };
  }

  async close(): Promise<void> {
    await runProcess(['ssh', ...this.#options(), '-O', 'exit', '--', this.host], { timeoutMs: 5_000 }).catch(() => undefined);
    await rm(this.#controlFolder, { recursive: true, force: true });
  }

  #options(): string[] {
    const settings = { BatchMode: 'yes', ConnectTimeout: '10', ServerAliveInterval: '15', ControlMaster: 'auto', ControlPersist: '60', ControlPath: join(this.#controlFolder, '%C') };
    return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  }

  /**
   * A part that was sent is kept apart and completed by the next run, block by block against its checksums. (Appending to
   * it would be wrong: rsync then leaves a file alone that is as long or longer there, whatever it holds.)
   */
  #copies({ recipeDir, artifactDir }: Folders, base: string, transport: readonly string[]): Argv[] {
    const options = ['--recursive', '--times', '--perms', '--delete', '--partial-dir=.rsync-partial', '--timeout=60', '--protect-args', ...transport];
    const there = below(base);
    return [
      ['rsync', ...options, '--', `${recipeDir}/`, `${this.host}:${there.recipeDir}/`],
      ['rsync', ...options, '--', `${artifactDir}/`, `${this.host}:${there.artifactDir}/`],
    ];
  }

  #refuseUnconnected(finished: Finished, options?: ProcessOptions): void {
    if (finished.code !== connectionFailed || options?.signal?.aborted === true) return;
    throw new FescueError('unavailable', `There is no connection to ${this.host}: ${lastLine(finished.stderr).replace(/\.$/, '') || 'ssh gave no reason'}. \`ssh ${this.host} true\` has to work without a question; see to the host key and to a login by key.`);
  }
}

function below(base: string): Folders {
  return { recipeDir: join(base, 'recipes'), artifactDir: join(base, 'artifacts') };
}

function rsyncProblem({ code, stderr }: Finished): string {
  if (code === programMissing || /rsync: (command )?not found/.test(stderr)) return 'rsync is missing here or there; install it (apt install rsync)';
  return lastLine(stderr) || `rsync ended with ${code}`;
}
