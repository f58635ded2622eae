import { join, resolve } from 'node:path';
import { agentSettings } from '../../../components/agent/settings.ts';
import { defaultSocketPath } from '../../../components/common/agent-client.ts';
import { parseSettings } from '../../../components/common/settings.ts';
import { runProcess } from '../../deploy/run-process.ts';
import { greengrassRoot } from '../../deploy/greengrass-target.ts';
import { componentNames } from '../../packaging/recipes.ts';
import { classicNucleus } from './classic-nucleus.ts';
import type { DeployedAgent, DeviceView, Nucleus, System } from './device-view.ts';
import { statusOf } from './files.ts';
import { ownGlibc } from './glibc.ts';
import { liteNucleus } from './lite-nucleus.ts';
import { localNucleus } from './local-nucleus.ts';

export type DeviceOptions = {
  /** Greengrass root; without one, `GG_ROOT`, `GGC_ROOT_PATH`, and then the usual places are looked at. */
  readonly root?: string | undefined;
  /** The agent's socket; without one, that of its configuration. */
  readonly socket?: string | undefined;
  readonly recipeFolder?: string | undefined;
  /** Where a local nucleus is looked for last. */
  readonly localRoot?: string | undefined;
};

/** This machine itself. @param host as the operator reaches it, when it is not the operator's own */
export function thisSystem(host?: string): System {
  return { base: '/', environment: process.env, host, glibc: ownGlibc, run: runProcess };
}

/** Finds the Greengrass and the agent of a machine; that there is none is no error. */
export async function openDevice(system: System, options: DeviceOptions = {}): Promise<DeviceView> {
  const named = options.root ?? system.environment['GG_ROOT'] ?? system.environment['GGC_ROOT_PATH'];
  const { nucleus, searched } = named === undefined || named === '' ? await findNucleus(system, options.localRoot) : { nucleus: await nucleusAt(system, resolve(named)), searched: [resolve(named)] };
  const agent = deployedAgent(nucleus);
  return {
    system,
    nucleus,
    searched,
    agent,
    socket: {
      path: options.socket === undefined ? resolve(agent.workFolder ?? '/', agent.settings.UnixSocketName) : resolve(options.socket),
      isExpected: options.socket !== undefined || agent.component !== undefined || (await statusOf(defaultSocketPath)) !== undefined,
    },
    recipeFolder: options.recipeFolder,
  };
}

type Found = { readonly nucleus: Nucleus | undefined; readonly searched: readonly string[] };

async function findNucleus(system: System, localRoot: string | undefined): Promise<Found> {
  const usual = join(system.base, greengrassRoot);
  const searched = [usual, join(system.base, 'etc/greengrass'), ...(localRoot === undefined ? [] : [localRoot])];
  const local = async (): Promise<Nucleus | undefined> => (localRoot === undefined ? undefined : localNucleus(localRoot));
  return { nucleus: (await classicNucleus(usual)) ?? (await liteNucleus(system)) ?? (await local()), searched };
}

/** Lite's configuration is not in its root, but names it. */
async function nucleusAt(system: System, root: string): Promise<Nucleus | undefined> {
  const found = (await localNucleus(root)) ?? (await classicNucleus(root));
  if (found !== undefined) return found;
  const lite = await liteNucleus(system);
  return lite?.root === root ? lite : undefined;
}

function deployedAgent(nucleus: Nucleus | undefined): DeployedAgent {
  const component = nucleus?.configuration?.components?.find(({ name }) => name === componentNames.agent);
  const { values } = parseSettings(agentSettings, component?.configuration ?? {});
  const workFolder = nucleus !== undefined && component !== undefined ? workFolderOf(nucleus, componentNames.agent) : undefined;
  return { component, workFolder, settings: values };
}

/** Where a component runs. */
export function workFolderOf(nucleus: Nucleus, component: string): string {
  return join(nucleus.root, 'work', component);
}
