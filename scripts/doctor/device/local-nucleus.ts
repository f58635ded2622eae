import { FescueError } from '../../../components/common/errors.ts';
import { nucleusState, type NucleusState } from '../../local-nucleus/nucleus-state.ts';
import { builtInVersions } from '../../local-nucleus/resolve.ts';
import { servedBy } from '../../local-nucleus/running-file.ts';
import { storeAt } from '../../local-nucleus/store.ts';
import { fail, warning } from '../verdict.ts';
import type { Nucleus } from './device-view.ts';
import { readIfThere, statusOf } from './files.ts';

/** Fescue's own nucleus below a root; undefined when there is none. */
export async function localNucleus(root: string): Promise<Nucleus | undefined> {
  const { stateFile, runningFile, ipcSocket } = storeAt(root);
  if (!(await isThere(stateFile)) && !(await isThere(runningFile))) return undefined;
  const common = { kind: 'local', root, configurationFile: stateFile, ipcSocket } as const;
  try {
    const state = await readState(stateFile);
    if (state === 'damaged') return { ...common, configuration: undefined, problem: fail(`${stateFile} is damaged`, 'Restart the nucleus, which sets it aside, and deploy again: fescue nucleus stop, then fescue deploy.') };
    const served = await servedBy(runningFile);
    const components = state?.components.map(({ name, version }) => ({ name, version, configuration: state.configuration[name]?.values ?? {} }));
    return { ...common, configuration: { version: builtInVersions['aws.greengrass.Nucleus'], thingName: served?.thingName, region: served?.region, tokenExchangeUrl: served?.credentialsUrl, components: components ?? [] } };
  } catch (error) {
    if (!(error instanceof FescueError)) throw error;
    return { ...common, configuration: undefined, problem: warning(`${stateFile} cannot be read by this user`, 'Run fescue doctor as the user who started the nucleus.') };
  }
}

/** What is hidden from this user is for the other nuclei to tell. */
async function isThere(path: string): Promise<boolean> {
  try {
    return (await statusOf(path)) !== undefined;
  } catch (error) {
    if (error instanceof FescueError) return false;
    throw error;
  }
}

async function readState(path: string): Promise<NucleusState | 'damaged' | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return nucleusState.safeParse(JSON.parse(text)).data ?? 'damaged';
  } catch (error) {
    if (error instanceof SyntaxError) return 'damaged';
    throw error;
  }
}
