import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FescueError, hasCode, messageOf } from '../../components/common/errors.ts';
import { readRegularFile } from '../../components/common/regular-file.ts';
import type { RecipeSource } from './read-recipe.ts';

/** Many times what any reader of recipes takes. */
const mostBytes = 256 * 1024;
const mostFiles = 1000;

/**
 * Reads recipe files, and every `.yaml`, `.yml` and `.json` file at any depth of folders, as a local deployment does.
 * Links below a folder are not followed.
 *
 * @throws FescueError `not-found` for a path with nothing there or a folder without such files, `failed-precondition`
 *   for what is no regular file or too large
 */
export async function readRecipeFiles(paths: readonly string[]): Promise<RecipeSource[]> {
  const files: string[] = [];
  for (const path of paths) files.push(...(await filesAt(path)));
  if (files.length > mostFiles) throw new FescueError('invalid-argument', `${paths.join(', ')} hold ${files.length} files; expected at most ${mostFiles}. Name the folder with the recipes.`);
  const sources: RecipeSource[] = [];
  for (const file of new Set(files)) sources.push({ file, text: (await readRegularFile(file, mostBytes)).toString('utf8') });
  return sources;
}

async function filesAt(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && /\.(ya?ml|json)$/i.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));
    if (files.length === 0) throw new FescueError('not-found', `${path} holds no recipe: expected files ending in .yaml, .yml or .json.`);
    return files.toSorted();
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) throw error;
    throw new FescueError('not-found', `${path} cannot be read: ${messageOf(error)}. Expected a recipe or a folder of recipes.`, { cause: error });
  }
}

/**
 * The names in every `<component>/<version>` folder of an artifact folder.
 *
 * @throws FescueError `not-found` when it is not there
 */
export async function readArtifactNames(folder: string): Promise<(component: string, version: string) => readonly string[] | undefined> {
  const names = new Map<string, string[]>();
  for (const component of await foldersIn(folder)) {
    for (const version of await foldersIn(join(folder, component))) names.set(`${component}/${version}`, (await readdir(join(folder, component, version))).toSorted());
  }
  return (component, version) => names.get(`${component}/${version}`);
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw error;
    throw new FescueError('not-found', `Artifact folder ${folder} cannot be read: ${messageOf(error)}. Expected a folder with <component>/<version>/<file>.`, { cause: error });
  }
}
