import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FescueError } from '../common/errors.ts';

/** What a file or folder was at one moment, by its path. The kernel moves its ctime with every change of content, name or mode. */
export type FileStamps = ReadonlyMap<string, string>;

/**
 * Notes the files of a package and the folders they are in, so that it can be told later whether they are still the same.
 *
 * @param names paths in the package
 */
export async function stampFiles(root: string, names: readonly string[]): Promise<FileStamps> {
  const paths = new Set(names.flatMap((name) => foldersOf(name).concat(name)).map((name) => join(root, name)));
  return new Map(await Promise.all([...paths].map(async (path) => [path, await stampOf(path)] as const)));
}

/** @throws FescueError `failed-precondition` when one was changed or replaced since */
export async function checkUnchanged(stamps: FileStamps): Promise<void> {
  for (const [path, stamp] of stamps) {
    if ((await stampOf(path)) === stamp) continue;
    throw new FescueError('failed-precondition', `${path} was changed while the model was loaded. Wait until nobody writes to the package, and load it again.`);
  }
}

/** The folders a path goes through, the package's own included. */
function foldersOf(name: string): string[] {
  const folder = dirname(name);
  return folder === '.' ? ['.'] : [...foldersOf(folder), folder];
}

async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, ctimeNs].join();
  } catch {
    // Missing now, and said so by whoever reads it; missing later, it is not the same.
    return 'missing';
  }
}
