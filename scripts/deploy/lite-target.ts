import { FescueError } from '../../components/common/errors.ts';
import { segment } from '../local-nucleus/store.ts';
import { isRunnerChatter, parseCursor, parseLiteCreated, parseUnits, parseVerdict, unitProperties } from './lite-output.ts';
import { checkLiteOrder } from './lite-limits.ts';
import type { Order } from './order.ts';
import { refusePassword, withSudo } from './privileges.ts';
import { type Argv, type Finished, programMissing } from './run-process.ts';
import { type Folders, lastLine } from './runner.ts';
import type { ComponentStatus, DeploymentStatus, Handle, LogOptions, Target, TargetOptions } from './target.ts';

const deploymentService = 'ggl.core.ggdeploymentd';
const commandTimeoutMs = 60_000;
const journalOptions = ['--no-pager', '--quiet'];
/** So many lines are read for each that is asked for: what starts a step writes some twenty to the same journal. */
const linesPerWritten = 25;

/** Nucleus lite, through ggl-cli, systemd and the journal. */
export async function openTarget(options: TargetOptions): Promise<Target> {
  const { stdout } = await options.runner.run(['id', '-u']);
  return new LiteTarget(options, stdout.trim() !== '0');
}

class LiteTarget implements Target {
  readonly #options: TargetOptions;
  readonly #sudo: boolean;

  constructor(options: TargetOptions, sudo: boolean) {
    this.#options = options;
    this.#sudo = sudo;
  }

  async commands(order: Order): Promise<string[]> {
    await checkLiteOrder(order);
    const { runner } = this.#options;
    const sent = order.folders === undefined ? undefined : await runner.sending(order.folders);
    return [...(sent?.lines ?? []), runner.shown(this.#privileged(deployCommand(order, sent?.folders)))];
  }

  async deploy(order: Order): Promise<Handle> {
    await checkLiteOrder(order);
    const folders = order.folders === undefined ? undefined : await this.#options.runner.send(order.folders);
    const journal = await this.#run(['journalctl', `--unit=${deploymentService}`, '--lines=0', '--show-cursor', ...journalOptions]);
    const { stderr } = await this.#run(deployCommand(order, folders));
    const id = parseLiteCreated(stderr);
    if (id === undefined) throw new FescueError('failed-precondition', `ggl-cli logged no deployment id, but ${JSON.stringify(lastLine(stderr))}. Look at journalctl -u ${deploymentService} whether the deployment was taken.`);
    return { id, cursor: parseCursor(journal.stdout) };
  }

  async progress({ id, cursor }: Handle): Promise<DeploymentStatus> {
    const { stdout } = await this.#run(['journalctl', `--unit=${deploymentService}`, ...after(cursor), '--output=cat', ...journalOptions]);
    const { state, reason } = parseVerdict(stdout, id);
    return { id, state, reason };
  }

  /** Nucleus lite keeps no list of them. */
  async deployments(): Promise<DeploymentStatus[]> {
    return [];
  }

  async components(): Promise<ComponentStatus[]> {
    const { runner } = this.#options;
    // Without --all there are no units that have finished.
    const finished = await runner.run(['systemctl', 'show', '--all', `--property=${unitProperties.join(',')}`, '--', 'ggl.*.service'], { timeoutMs: commandTimeoutMs });
    return parseUnits(this.#checked(finished, ['systemctl', 'show', 'ggl.*.service']).stdout);
  }

  async logs(component: string, { lines, follow, signal, onLine }: LogOptions): Promise<void> {
    const journal: Argv = ['journalctl', `--identifier=${segment(component)}`, '--output=short-iso', ...journalOptions];
    const latest: string[] = [];
    await this.#lines([...journal, `--lines=${lines * linesPerWritten}`, '--show-cursor'], { signal, onLine: (line) => latest.push(line) });
    if (signal?.aborted === true) return;
    const cursor = parseCursor(latest.at(-1) ?? '');
    const written = latest.slice(0, cursor === undefined ? undefined : -1).filter((line) => !isRunnerChatter(line));
    for (const line of written.slice(-lines)) onLine(line);
    if (follow) await this.#lines([...journal, '--follow', '--no-tail', ...after(cursor)], { signal, onLine: (line) => (isRunnerChatter(line) ? undefined : onLine(line)) });
    else if (written.length === 0) throw new FescueError('not-found', `The journal holds nothing that ${component} has written. \`fescue deploy --status --to lite\` lists the components.`);
  }

  async close(): Promise<void> {
    await this.#options.runner.close();
  }

  #privileged(argv: Argv): Argv {
    return this.#sudo ? withSudo(argv, this.#options.interactive) : argv;
  }

  async #lines(argv: Argv, { signal, onLine }: Pick<LogOptions, 'signal' | 'onLine'>): Promise<void> {
    const command = this.#privileged(argv);
    const finished = await this.#options.runner.run(command, { onLine, ...(signal && { signal }) });
    if (signal?.aborted !== true) this.#checked(finished, command);
  }

  async #run(argv: Argv): Promise<Finished> {
    const command = this.#privileged(argv);
    return this.#checked(await this.#options.runner.run(command, { timeoutMs: commandTimeoutMs }), command);
  }

  #checked(finished: Finished, argv: Argv): Finished {
    if (finished.code === 0) return finished;
    refusePassword(finished, argv.at(1) === undefined ? argv[0] : this.#options.runner.shown(argv), 'Run this as root, or allow ggl-cli and journalctl in sudoers without a password.');
    const missing = finished.code === programMissing || /command not found|: not found/.test(finished.stderr);
    if (missing) throw new FescueError('not-found', `${this.#options.runner.shown(argv)} is not possible: ${lastLine(finished.stderr)}. Install nucleus lite there, or choose another target with --to.`);
    throw new FescueError('failed-precondition', `${this.#options.runner.shown(argv)} failed: ${lastLine(finished.stderr) || `exit code ${finished.code}`}. See that greengrass-lite.target is active, and journalctl -u ${deploymentService}.`);
  }
}

function after(cursor: string | undefined): string[] {
  return cursor === undefined ? [] : [`--after-cursor=${cursor}`];
}

function deployCommand(order: Order, folders: Folders | undefined): Argv {
  return [
    'ggl-cli',
    'deploy',
    ...(folders === undefined ? [] : ['-r', folders.recipeDir, '-a', folders.artifactDir]),
    ...Object.entries(order.add).flatMap(([name, version]) => ['-c', `${name}=${version}`]),
    ...order.remove.flatMap((name) => ['-d', name]),
    ...(order.group === undefined ? [] : ['-g', order.group]),
  ];
}
