import { FescueError, hasCode } from './errors.ts';

/** Whether a write failed because the disk, the user's share of it, or the size files may have is used up. */
export function isNoRoom(error: unknown): error is NodeJS.ErrnoException {
  return hasCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG');
}

/**
 * What to throw in place of an error of writing below a folder: `resource-exhausted` with a remedy when there was no
 * room, else the error itself.
 */
export function roomError(error: unknown, folder: string): unknown {
  if (!isNoRoom(error)) return error;
  return new FescueError('resource-exhausted', `There is no room to write below ${folder}: ${error.message}. Nothing is left of the attempt; make room, or raise the limit, and run it again.`, { cause: error });
}
