import { readFileSync } from 'node:fs';
import { FescueError, hasCode, messageOf } from './errors.ts';

/**
 * Reads a JSON file of settings by their Greengrass keys.
 *
 * @throws FescueError `invalid-argument` when it is not there or holds something else
 */
export function readSettingsFile(path: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content as Record<string, unknown>;
  } catch (error) {
    const problem = hasCode(error, 'ENOENT') ? 'there is no such file' : messageOf(error);
    throw new FescueError('invalid-argument', `Configuration file ${path} cannot be read: ${problem}.`, { cause: error });
  }
  throw new FescueError('invalid-argument', `Configuration file ${path}: expected a JSON object of settings.`);
}
