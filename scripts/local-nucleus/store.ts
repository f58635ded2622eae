import { join } from 'node:path';
import { FescueError } from '../../components/common/errors.ts';

/** The files of one version of a component. */
export type VersionFiles = { readonly recipe: string; readonly artifacts: string; readonly unarchived: string };

/** Where a nucleus keeps things below its root, laid out as on a device. */
export type Store = {
  readonly root: string;
  readonly ipcSocket: string;
  /** Who runs here; read by the next start to end what a killed nucleus left behind. */
  readonly runningFile: string;
  /** What is deployed and configured; read by the next start. */
  readonly stateFile: string;
  /** Holds a file for each thing that has shadows. */
  readonly shadowFolder: string;
  /** The heartbeats that devices published, as JSON lines. */
  readonly heartbeatFile: string;
  /** Holds the credentials of the command line, as greengrass-cli looks for them. */
  readonly commandLineFolder: string;
  readonly recipes: string;
  readonly artifactsFolder: string;
  readonly files: (component: string, version: string) => VersionFiles;
  /** A version that is being prepared. */
  readonly staging: Place;
  /** A version that made room for another content of the same version, until that has proved itself. */
  readonly setAside: Place;
  readonly work: (component: string) => string;
  readonly log: (component: string) => string;
};

export type Place = { readonly folder: string; readonly files: (component: string, version: string) => VersionFiles };

/** @param root absolute path without a trailing slash */
export function storeAt(root: string): Store {
  const packages = join(root, 'packages');
  return {
    root,
    ipcSocket: join(root, 'ipc.socket'),
    runningFile: join(root, 'running.json'),
    stateFile: join(root, 'state.json'),
    shadowFolder: join(root, 'shadows'),
    heartbeatFile: join(root, 'heartbeats.jsonl'),
    commandLineFolder: join(root, 'cli_ipc_info'),
    recipes: join(packages, 'recipes'),
    artifactsFolder: join(packages, 'artifacts'),
    files: (component, version) => ({
      recipe: join(packages, 'recipes', `${segment(component)}-${segment(version)}.yaml`),
      artifacts: join(packages, 'artifacts', segment(component), segment(version)),
      unarchived: join(packages, 'artifacts-unarchived', segment(component), segment(version)),
    }),
    staging: placeAt(join(packages, 'staging')),
    setAside: placeAt(join(packages, 'set-aside')),
    work: (component) => join(root, 'work', segment(component)),
    log: (component) => join(root, 'logs', `${segment(component)}.log`),
  };
}

function placeAt(folder: string): Place {
  const files = (component: string, version: string): VersionFiles => {
    const base = join(folder, segment(component), segment(version));
    return { recipe: join(base, 'recipe.yaml'), artifacts: join(base, 'artifacts'), unarchived: join(base, 'unarchived') };
  };
  return { folder, files };
}

/**
 * A name or version that is about to become part of a path.
 *
 * @throws FescueError `invalid-argument` when it could lead elsewhere
 */
export function segment(text: string): string {
  if (/^(?!\.+$)[a-zA-Z0-9-_.+]+$/.test(text)) return text;
  throw new FescueError('invalid-argument', `"${text}" cannot name a component or version: expected letters, digits, -, _, . and +, and not only dots. Correct the name.`);
}
