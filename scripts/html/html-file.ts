import { access, constants, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FescueError, messageOf } from '../../components/common/errors.ts';

/**
 * Makes sure that a file can be written, before hours are spent on what is to be in it.
 *
 * @throws FescueError `invalid-argument` when it cannot
 */
export async function prepareHtmlFile(path: string): Promise<{ write: (text: string) => Promise<void> }> {
  const target = resolve(path);
  try {
    await access(dirname(target), constants.W_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
  if (await stat(target).then((entry) => entry.isDirectory(), () => false)) throw unwritable(path, 'it is a folder');
  return { write: async (text) => writeWhole(target, text) };
}

/** All of it or nothing. */
async function writeWhole(target: string, text: string): Promise<void> {
  const partial = `${target}.${process.pid}.partial`;
  try {
    await writeFile(partial, text);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw unwritable(target, error);
  }
}

function unwritable(path: string, cause: unknown): FescueError {
  return new FescueError('invalid-argument', `The report ${path} cannot be written: ${messageOf(cause)}. Name a file in a folder that is there, and that may be written to.`, { cause });
}
