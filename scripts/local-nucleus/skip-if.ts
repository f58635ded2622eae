import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { hasCode } from '../../components/common/errors.ts';
import { skipIfPattern } from './lifecycle.ts';

/**
 * Whether a step's `Skipif` says to leave the step out.
 *
 * @param condition `exists <path>` or `onpath <program>`, with `!` in front to negate
 * @param place the work folder, to which a path is relative, and the search path of the step
 */
export function shouldSkip(condition: string, place: { cwd: string; path: string }): boolean {
  const [, negation, kind, subject = ''] = skipIfPattern.exec(condition) ?? [];
  const met = kind === 'exists' ? existsSync(resolve(place.cwd, subject)) : place.path.split(delimiter).some((folder) => isProgram(join(folder, subject)));
  return negation === undefined ? met : !met;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return false;
    throw error;
  }
}
