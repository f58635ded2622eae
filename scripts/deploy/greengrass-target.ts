import { FescueError } from '../../components/common/errors.ts';
import { segment } from '../local-nucleus/store.ts';
import { failureOf, parseComponents, parseCreated, parseDeployments, parseStatus } from './greengrass-cli-output.ts';
import { tailFile } from './log-tail.ts';
import type { Order } from './order.ts';
import { refusePassword, withSudo } from './privileges.ts';
import { type Argv, programMissing } from './run-process.ts';
import type { Folders } from './runner.ts';
import type { ComponentStatus, DeploymentStatus, Handle, LogOptions, Target, TargetOptions } from './target.ts';

/** Where the classic nucleus usually is. */
export const greengrassRoot = '/greengrass/v2';

/** A Java program's start takes seconds on a small device, and the nucleus may be busy. */
const commandTimeoutMs = 120_000;

/** Whether the CLI would find a token that this user may read, in the order it looks. Prints `sudo` when it would not. */
const accessScript = '[ "$(id -u)" = 0 ] || for file in "$1/cli_ipc_info/user-$(id -u)" "$1/cli_ipc_info/group-$(id -g)"; do [ -r "$file" ] && exit 0; done; [ "$(id -u)" = 0 ] || echo sudo';

/** The classic nucleus, through greengrass-cli. */
export async function openTarget(options: TargetOptions): Promise<Target> {
  const root = options.root ?? greengrassRoot;
  const { stdout } = await options.runner.run(['sh', '-c', accessScript, 'sh', root]);
  return new GreengrassTarget(options, root, stdout.trim() === 'sudo');
}

class GreengrassTarget implements Target {
  readonly #options: TargetOptions;
  readonly #root: string;
  readonly #sudo: boolean;

  constructor(options: TargetOptions, root: string, sudo: boolean) {
    this.#options = options;
    this.#root = root;
    this.#sudo = sudo;
  }

  async commands(order: Order): Promise<string[]> {
    const { runner } = this.#options;
    const sent = order.folders === undefined ? undefined : await runner.sending(order.folders);
    return [...(sent?.lines ?? []), runner.shown(this.#cli(...createArguments(order, sent?.folders)))];
  }

  async deploy(order: Order): Promise<Handle> {
    const folders = order.folders === undefined ? undefined : await this.#options.runner.send(order.folders);
    const stdout = await this.#run(createArguments(order, folders));
    const id = parseCreated(stdout);
    if (id === undefined) throw new FescueError('failed-precondition', `greengrass-cli printed no deployment id, but ${JSON.stringify(stdout.trim().slice(0, 200))}. Look with fescue deploy --status whether the deployment was taken.`);
    return { id };
  }

  async progress({ id }: Handle): Promise<DeploymentStatus> {
    const stdout = await this.#run(['deployment', 'status', '-i', id]);
    const status = parseStatus(stdout);
    if (status === undefined) throw new FescueError('failed-precondition', `greengrass-cli printed no status of deployment ${id}, but ${JSON.stringify(stdout.trim().slice(0, 200))}. Use a version of aws.greengrass.Cli that fits the nucleus.`);
    return status;
  }

  async deployments(): Promise<DeploymentStatus[]> {
    return parseDeployments(await this.#run(['deployment', 'list']));
  }

  async components(): Promise<ComponentStatus[]> {
    return parseComponents(await this.#run(['component', 'list']));
  }

  async logs(component: string, options: LogOptions): Promise<void> {
    const { runner, interactive } = this.#options;
    await tailFile({ runner, path: `${this.#root}/logs/${segment(component)}.log`, privileged: (argv) => withSudo(argv, interactive) }, options);
  }

  async close(): Promise<void> {
    await this.#options.runner.close();
  }

  #cli(...args: string[]): Argv {
    const argv: Argv = [`${this.#root}/bin/greengrass-cli`, ...args];
    return this.#sudo ? withSudo(argv, this.#options.interactive) : argv;
  }

  async #run(args: readonly string[]): Promise<string> {
    const argv = this.#cli(...args);
    const finished = await this.#options.runner.run(argv, { timeoutMs: commandTimeoutMs });
    if (finished.code === 0) return finished.stdout;
    refusePassword(finished, 'greengrass-cli', 'Run this as root, allow greengrass-cli in sudoers without a password, or name your group in AuthorizedPosixGroups of aws.greengrass.Cli.');
    const missing = finished.code === programMissing || /greengrass-cli: (command )?not found/.test(finished.stderr);
    if (missing) throw new FescueError('not-found', `${this.#root}/bin/greengrass-cli is not there. Deploy the component aws.greengrass.Cli to the device, or name the Greengrass root with --root or GG_ROOT.`);
    throw new FescueError('failed-precondition', `${this.#options.runner.shown(argv)} failed: ${failureOf(finished.stderr) || `exit code ${finished.code}`}. See that the nucleus runs, and ${this.#root}/logs/greengrass.log.`);
  }
}

function createArguments(order: Order, folders: Folders | undefined): string[] {
  const updates = Object.keys(order.configuration).length > 0 ? ['--update-config', JSON.stringify(order.configuration)] : [];
  return [
    'deployment',
    'create',
    ...(folders === undefined ? [] : ['--recipeDir', folders.recipeDir, '--artifactDir', folders.artifactDir]),
    ...Object.entries(order.add).flatMap(([name, version]) => ['--merge', `${name}=${version}`]),
    ...order.remove.flatMap((name) => ['--remove', name]),
    ...updates,
    ...(order.group === undefined ? [] : ['--groupId', order.group]),
    '--failure-handling-policy',
    order.onFailure === 'nothing' ? 'DO_NOTHING' : 'ROLLBACK',
  ];
}
