import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { FescueError } from './errors.ts';

/**
 * Opens a regular file for reading. Anything else is refused unopened: a pipe would wait for a writer, and opening a
 * device may do anything.
 *
 * @throws FescueError `failed-precondition` when it is no regular file; system errors such as ENOENT as they are
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  if (!(await stat(path)).isFile()) throw notRegular(path);
  // Does not wait either, should a pipe have taken its place by now.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw notRegular(path);
}

/** The bytes of a regular file. @throws as `openRegularFile`, and `failed-precondition` when it has more than `mostBytes` */
export async function readRegularFile(path: string, mostBytes: number): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    if (size > mostBytes) throw new FescueError('failed-precondition', `${path} has ${size} bytes; expected at most ${mostBytes}.`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function notRegular(path: string): FescueError {
  return new FescueError('failed-precondition', `${path} is no regular file. Put the file itself there.`);
}
