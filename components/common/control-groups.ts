import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A folder in which the kernel tells the limits of a control group; the files' names depend on the version. */
export type ControlGroup = { readonly version: 1 | 2; readonly folder: string };

/**
 * The control groups this process is in, and those around them, that may limit a resource.
 *
 * @param root where `/proc` and `/sys` are, for tests
 */
export function controlGroups(controller: 'cpu' | 'memory', root = '/'): ControlGroup[] {
  const lines = (readText(join(root, 'proc/self/cgroup')) ?? '').trimEnd().split('\n');
  return lines.flatMap((line) => groupsOf(line, controller, root));
}

/** A file of the kernel; undefined on a system without it, or one that hides it. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A line is `hierarchy:controllers:path`, without controllers in version 2. */
function groupsOf(line: string, controller: string, root: string): ControlGroup[] {
  const [, controllers, path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
  const version = controllers === '' ? 2 : controllers?.split(',').includes(controller) ? 1 : undefined;
  if (version === undefined) return [];
  const top = join(root, 'sys/fs/cgroup', version === 1 ? controller : '');
  const groups: ControlGroup[] = [];
  // In a container the path may be the host's, of which only the mount point itself is there.
  for (let folder = join(top, path); folder.startsWith(top); folder = dirname(folder)) groups.push({ version, folder });
  return groups;
}
