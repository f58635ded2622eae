import { existsSync } from 'node:fs';
import { lchown, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from '../../components/common/errors.ts';
import type { PosixUser } from './posix-user.ts';
import type { Place, Store, VersionFiles } from './store.ts';

const fileKeys = ['recipe', 'artifacts', 'unarchived'] as const;

/** One version of one component. */
export type Version = { readonly name: string; readonly version: string };

/** Moves staged versions into the store. What is there under the same version is set aside, for `putBack`. */
export async function putInPlace(store: Store, versions: readonly Version[]): Promise<void> {
  for (const { name, version } of versions) {
    await moveFiles(store.files(name, version), store.setAside.files(name, version));
    await moveFiles(store.staging.files(name, version), store.files(name, version));
  }
}

/** Moves what was set aside back into the store, in place of what took its place. */
export async function putBack(store: Store): Promise<void> {
  for (const { name, version } of await versionsIn(store.setAside.folder)) {
    const [kept, target] = [store.setAside.files(name, version), store.files(name, version)];
    // A crash may have come when only a part was set aside; what is still in its place stays.
    for (const key of fileKeys) if (existsSync(kept[key])) await rm(target[key], { recursive: true, force: true });
    await moveFiles(kept, target);
  }
  await clearPlace(store.setAside);
}

/** Removes everything in a place, when it is no longer needed. */
export async function clearPlace({ folder }: Place): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Removes the versions from the store that nobody needs. */
export async function removeOthers(store: Store, needed: readonly Version[]): Promise<void> {
  for (const { name, version } of await versionsIn(store.artifactsFolder)) {
    if (needed.some((one) => one.name === name && one.version === version)) continue;
    for (const path of Object.values(store.files(name, version))) await rm(path, { recursive: true, force: true });
  }
}

/** Makes a component's files its user's. The folders of the version stay ours, so that it cannot add files there. */
export async function giveTo(user: PosixUser, paths: { readonly artifacts: string; readonly unarchived: string; readonly work: string }): Promise<void> {
  for (const path of [paths.artifacts, paths.unarchived]) for (const entry of await entriesOf(path)) await ownTree(join(path, entry), user);
  await ownTree(paths.work, user);
}

async function ownTree(path: string, user: PosixUser): Promise<void> {
  await lchown(path, user.uid, user.gid);
  // A link may lead anywhere, and what it leads to is not the component's.
  if (!(await lstat(path)).isDirectory()) return;
  for (const entry of await entriesOf(path)) await ownTree(join(path, entry), user);
}

async function moveFiles(from: VersionFiles, to: VersionFiles): Promise<void> {
  for (const key of fileKeys) {
    await mkdir(dirname(to[key]), { recursive: true });
    await rename(from[key], to[key]).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error;
    });
  }
}

async function versionsIn(folder: string): Promise<Version[]> {
  const versions: Version[] = [];
  for (const name of await entriesOf(folder)) for (const version of await entriesOf(join(folder, name))) versions.push({ name, version });
  return versions;
}

/** Names in a folder; none when it is not there. */
async function entriesOf(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
