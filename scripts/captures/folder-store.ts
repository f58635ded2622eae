import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { FescueError, hasCode, messageOf } from '../../components/common/errors.ts';
import { readRegularFile } from '../../components/common/regular-file.ts';
import { mostObjectBytes, type CaptureStore, type DataReference } from './capture-store.ts';
import { keyBeside, leadsOutside, parseReference } from './reference.ts';
import { walk, type Listing } from './walk.ts';

/**
 * Captured data in a folder at or above those of the models. Keys are paths in it. Links are not followed, and nothing
 * outside of the folder is read.
 *
 * @throws FescueError `not-found` or `invalid-argument` when there is no such folder
 */
export async function openFolderStore(location: string): Promise<CaptureStore> {
  const name = resolve(location);
  const root = await realFolder(name);
  return {
    name,
    objects: (skips = () => false) => walk('', { list: async (folder) => listFolder(root, folder), skips }),
    read: async (key) => readInside(root, join(root, key)),
    readReference: async (reference) => readReference(root, reference),
  };
}

async function realFolder(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new FescueError('invalid-argument', `${path} is a file. Name the folder that the captured data is in.`);
}

/** A folder that vanishes meanwhile is empty: an uploader may be tidying up. */
async function listFolder(root: string, folder: string): Promise<Listing> {
  const path = join(root, folder);
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'));
    const sizes = await Promise.all(files.map(async (file) => sizeOf(join(path, file.name))));
    return {
      folders: entries.filter((entry) => entry.isDirectory()).map((entry) => `${folder}${entry.name}/`),
      objects: files.map((file, index) => ({ key: `${folder}${file.name}`, bytes: sizes[index] ?? 0 })),
    };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { folders: [], objects: [] };
    throw unreadable(path, error);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

async function readReference(root: string, reference: DataReference): Promise<Buffer> {
  const parsed = parseReference(reference.reference);
  const named = parsed.kind === 'file' ? await locate(root, parsed.path) : 'outside';
  if (typeof named === 'object') return readInside(root, named.path);
  const key = keyBeside(parsed, reference.from);
  const beside = key === undefined ? 'missing' : await locate(root, join(root, key));
  if (typeof beside === 'object') return readInside(root, beside.path);
  if (parsed.kind === 'file' && named === 'missing' && isInside(root, parsed.path)) throw new FescueError('not-found', `${reference.from} refers to ${parsed.path}, which is not there. Look for it where the data was copied from.`);
  throw leadsOutside(reference, root);
}

/** Where a path really leads. */
async function locate(root: string, path: string): Promise<{ readonly path: string } | 'outside' | 'missing'> {
  try {
    const real = await realpath(path);
    return isInside(root, real) ? { path: real } : 'outside';
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) return 'missing';
    throw error;
  }
}

async function readInside(root: string, path: string): Promise<Buffer> {
  try {
    const real = await realpath(path);
    if (!isInside(root, real)) throw new FescueError('invalid-argument', `${path} leads outside of ${root}, and is not read.`);
    return await readRegularFile(real, mostObjectBytes);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function isInside(root: string, path: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

function unreadable(path: string, error: unknown): FescueError {
  if (error instanceof FescueError) return error;
  if (hasCode(error, 'ENOENT', 'ENOTDIR')) return new FescueError('not-found', `There is nothing at ${path}. Name the folder that the captured data is in.`, { cause: error });
  return new FescueError('unavailable', `${path} cannot be read: ${messageOf(error)}.`, { cause: error });
}
