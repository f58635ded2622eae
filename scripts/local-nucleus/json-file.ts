import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';
import { FescueError, hasCode, messageOf } from '../../components/common/errors.ts';

/**
 * Writes a JSON file so that a reader, and the next start after a crash, sees either the whole old or the whole new one.
 * Only its owner can read it.
 *
 * @throws FescueError `resource-exhausted` or the system's error when it cannot be written; the old file is there then
 */
export function writeJsonFile(path: string, value: unknown): void {
  const temporary = `${path}.new`;
  try {
    writeFileSync(temporary, `${JSON.stringify(value, null, 1)}\n`, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw hasCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG') ? new FescueError('resource-exhausted', `${path} cannot be written: ${error.message}. Make room on the disk.`, { cause: error }) : error;
  }
}

/**
 * Reads a JSON file of ours. One that is damaged is renamed to `<path>.damaged`, and that is told.
 *
 * @returns undefined when there is none, or none that can be used
 */
export function readJsonFile<Schema extends z.ZodType>(request: { path: string; schema: Schema; onNote: (text: string) => void }): z.output<Schema> | undefined {
  const { path } = request;
  try {
    return request.schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    // What cannot be read at all, such as a folder of that name, is for a person to sort out.
    if (hasCode(error, 'EACCES', 'EISDIR', 'EIO')) throw new FescueError('failed-precondition', `${path} cannot be read: ${messageOf(error)}. Correct that, or choose another --root.`, { cause: error });
    renameSync(path, `${path}.damaged`);
    const reason = error instanceof SyntaxError ? 'it is no JSON' : 'it holds something else than expected';
    request.onNote(`${path} is damaged (${reason}) and was set aside as ${path}.damaged; what it kept starts afresh`);
    return undefined;
  }
}
