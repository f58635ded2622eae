import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FescueError, hasCode, messageOf } from '../../components/common/errors.ts';
import { parseRecipe, type Recipe } from './recipe.ts';

/**
 * Reads every `.yaml`, `.yml` and `.json` file of a folder, at any depth, as a recipe. File names mean nothing.
 *
 * @throws FescueError `invalid-argument` with the problems of all files, `not-found` when the folder is missing
 */
export async function readRecipeFolder(folder: string): Promise<Recipe[]> {
  const recipes: Recipe[] = [];
  const problems: string[] = [];
  for (const path of await recipeFiles(folder)) {
    try {
      recipes.push(parseRecipe(await readFile(path, 'utf8'), path));
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      problems.push(messageOf(error));
    }
  }
  problems.push(...sameVersionProblems(recipes));
  if (problems.length > 0) throw new FescueError('invalid-argument', problems.join('\n'));
  return recipes;
}

async function recipeFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && /\.(ya?ml|json)$/i.test(entry.name));
    return files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new FescueError('not-found', `Recipe folder ${folder} is not there. Name a folder that holds recipe files with --recipe-dir.`, { cause: error });
  }
}

function sameVersionProblems(recipes: readonly Recipe[]): string[] {
  const byVersion = Map.groupBy(recipes, (recipe) => `${recipe.name} ${recipe.version}`);
  return [...byVersion]
    .filter(([, group]) => group.length > 1)
    .map(([subject, group]) => `Several recipes describe ${subject}: ${group.map((recipe) => recipe.path).join(', ')}. Keep one of them or change its ComponentVersion.`);
}

/** The recipes of the store; none when there is no store yet. */
export async function readStoredRecipes(folder: string): Promise<Recipe[]> {
  return existsSync(folder) ? await readRecipeFolder(folder) : [];
}
