import { FescueError } from '../../components/common/errors.ts';
import { inCheckout } from '../packaging/paths.ts';
import { ensureNucleus, nucleusPid } from '../local-nucleus/background.ts';
import { storeAt } from '../local-nucleus/store.ts';
import { type CliIpc, connectCliIpc } from './cli-ipc.ts';
import { readCliInfo } from './cli-info.ts';
import { tailFile } from './log-tail.ts';
import type { Order } from './order.ts';
import { shellQuote } from './quote.ts';
import type { ComponentStatus, DeploymentStatus, Handle, LogOptions, Target, TargetOptions } from './target.ts';

/** Where the local nucleus keeps everything. */
export const localRoot = inCheckout('build/nucleus');

/** The local nucleus, over the IPC of its command-line interface. */
export async function openTarget(options: TargetOptions): Promise<Target> {
  if (options.runner.host !== undefined) throw new FescueError('invalid-argument', 'The local nucleus is on this machine. Leave --host away, or choose greengrass or lite with --to.');
  return new LocalTarget(options, options.root ?? localRoot);
}

class LocalTarget implements Target {
  readonly #options: TargetOptions;
  readonly #root: string;
  #ipc: Promise<CliIpc> | undefined;

  constructor(options: TargetOptions, root: string) {
    this.#options = options;
    this.#root = root;
  }

  async commands(order: Order): Promise<string[]> {
    const request = {
      ...(order.folders && { recipeDirectoryPath: order.folders.recipeDir, artifactsDirectoryPath: order.folders.artifactDir }),
      rootComponentVersionsToAdd: order.add,
      rootComponentsToRemove: order.remove,
      componentToConfiguration: order.configuration,
      failureHandlingPolicy: order.onFailure === 'nothing' ? 'DO_NOTHING' : 'ROLLBACK',
      ...(order.group !== undefined && { groupName: order.group }),
    };
    const start = (await nucleusPid(this.#root)) === undefined ? [shellQuote(['fescue', 'nucleus', 'start', '--root', this.#root])] : [];
    return [...start, `CreateLocalDeployment ${JSON.stringify(request)}`];
  }

  async deploy(order: Order): Promise<Handle> {
    const ipc = await this.#connect().catch(async (error: unknown) => {
      if (!(error instanceof FescueError) || error.kind !== 'unavailable') throw error;
      await ensureNucleus({ root: this.#root });
      return this.#connect();
    });
    return { id: await ipc.createDeployment(order) };
  }

  async progress({ id }: Handle): Promise<DeploymentStatus> {
    return (await this.#connect()).deploymentStatus(id);
  }

  async deployments(): Promise<DeploymentStatus[]> {
    return (await this.#connect()).listDeployments();
  }

  async components(): Promise<ComponentStatus[]> {
    return (await this.#connect()).listComponents();
  }

  async logs(component: string, options: LogOptions): Promise<void> {
    await tailFile({ runner: this.#options.runner, path: storeAt(this.#root).log(component), privileged: (argv) => argv }, options);
  }

  async close(): Promise<void> {
    await (await this.#ipc?.catch(() => undefined))?.close();
    await this.#options.runner.close();
  }

  async #connect(): Promise<CliIpc> {
    const connecting = this.#ipc ?? connectLocalNucleus(this.#root);
    this.#ipc = connecting;
    try {
      return await connecting;
    } catch (error) {
      this.#ipc = undefined;
      throw error;
    }
  }
}

/** Connects to the command-line interface of the nucleus of a root. @throws FescueError `unavailable` when none runs */
export async function connectLocalNucleus(root: string): Promise<CliIpc> {
  const info = await readCliInfo(root);
  if (info === undefined) throw new FescueError('unavailable', `No local nucleus runs in ${root}. Start it with \`fescue nucleus start\`.`);
  return connectCliIpc(info);
}
