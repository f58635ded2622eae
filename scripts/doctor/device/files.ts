import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { FescueError, hasCode } from '../../../components/common/errors.ts';
import { readRegularFile } from '../../../components/common/regular-file.ts';

/** A nucleus cuts its log of changes at some thousand lines. */
const mostBytes = 64 * 1024 ** 2;

/**
 * The text of a file; undefined when there is none.
 *
 * @throws FescueError `failed-precondition` when this user may not read it, or it is no regular file of a sensible size
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  return ifThere(path, async () => (await readRegularFile(path, mostBytes)).toString('utf8'));
}

/** The names in a folder; undefined when there is none. @throws as `readIfThere` */
export async function namesIn(folder: string): Promise<string[] | undefined> {
  return ifThere(folder, async () => (await readdir(folder)).toSorted());
}

/** What is at a path, be it a link; undefined when there is nothing. @throws as `readIfThere` */
export async function statusOf(path: string): Promise<Stats | undefined> {
  return ifThere(path, async () => lstat(path));
}

/** What to do about files that are hidden from this user. */
export const asRoot = 'Run fescue doctor as root: with sudo -E, or with --host as a user of whom sudo asks no password.';

export function notPermitted(path: string, cause?: unknown): FescueError {
  return new FescueError('failed-precondition', `${path} may not be read by this user. ${asRoot}`, { cause });
}

async function ifThere<Value>(path: string, look: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await look();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (hasCode(error, 'EACCES', 'EPERM')) throw notPermitted(path, error);
    throw error;
  }
}
