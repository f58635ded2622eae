import { join } from 'node:path';
import { FescueError } from '../../components/common/errors.ts';

/** Where a nucleus keeps things below its root, laid out as on a device. */
export type Store = {
  readonly root: string;
  readonly ipcSocket: string;
  /** Who runs here; read by the next start to end what a killed nucleus left behind. */
  readonly runningFile: string;
  readonly recipe: (component: string, version: string) => string;
  readonly artifacts: (component: string, version: string) => string;
  readonly unarchived: (component: string, version: string) => string;
  readonly work: (component: string) => string;
  readonly log: (component: string) => string;
};

/** @param root absolute path without a trailing slash */
export function storeAt(root: string): Store {
  const packages = join(root, 'packages');
  return {
    root,
    ipcSocket: join(root, 'ipc.socket'),
    runningFile: join(root, 'running.json'),
    recipe: (component, version) => join(packages, 'recipes', `${segment(component)}-${segment(version)}.json`),
    artifacts: (component, version) => join(packages, 'artifacts', segment(component), segment(version)),
    unarchived: (component, version) => join(packages, 'artifacts-unarchived', segment(component), segment(version)),
    work: (component) => join(root, 'work', segment(component)),
    log: (component) => join(root, 'logs', `${segment(component)}.log`),
  };
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
