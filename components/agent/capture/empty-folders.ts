import { readdir, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hasCode } from '../../common/errors.ts';

/**
 * Removes empty folders below one, and those that become empty by that, but none that was changed after `beforeMs`
 * (since 1970), and not the one directly below it that is called `except`.
 */
export async function removeEmptyFolders(root: string, { beforeMs, except = '' }: { readonly beforeMs: number; readonly except?: string }): Promise<void> {
  for (const folder of await foldersIn(root)) {
    if (basename(folder) === except) continue;
    // Taking away what is in it would change it.
    const isOld = (await changedMs(folder)) <= beforeMs;
    await removeEmptyFolders(folder, { beforeMs });
    if (isOld) await removeIfEmpty(folder);
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'EPERM')) return [];
    throw error;
  }
}

async function changedMs(folder: string): Promise<number> {
  try {
    return (await stat(folder)).mtimeMs;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return Infinity;
    throw error;
  }
}

/** The system refuses it for a folder that is not empty, whatever was written there a moment ago. */
async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EACCES', 'EPERM')) throw error;
  }
}
