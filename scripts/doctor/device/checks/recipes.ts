import { join } from 'node:path';
import { FescueError } from '../../../../components/common/errors.ts';
import { lintRecipes, type LintOptions } from '../../../recipe-lint/lint.ts';
import { readRecipe } from '../../../recipe-lint/read-recipe.ts';
import { readRecipeFiles } from '../../../recipe-lint/recipe-files.ts';
import type { Finding } from '../../../recipe-lint/rule.ts';
import type { Check, Verdict } from '../../check.ts';
import { fail, notApplicable, ok, warning } from '../../verdict.ts';
import type { DeviceContext, Nucleus } from '../device-view.ts';
import { namesIn } from '../files.ts';

/** The local nucleus takes what the classic one does. */
const lintFor: Readonly<Record<Nucleus['kind'], LintOptions['nucleus']>> = { classic: 'classic', lite: 'lite', local: 'classic' };

export const recipeCheck: Check<DeviceContext> = {
  name: 'recipes',
  title: 'The recipes are valid for the nucleus',
  meaning: 'A deployment is refused, or a component does not do what its recipe says.',
  run: async ({ device: { nucleus, recipeFolder } }) => {
    const folder = recipeFolder ?? (nucleus === undefined ? undefined : join(nucleus.root, 'packages/recipes'));
    if (folder === undefined) return notApplicable('no Greengrass, and no folder of recipes is named', 'Name one with --recipe-dir.');
    // What the nucleus keeps may be hidden from this user, or be nothing yet.
    if (recipeFolder === undefined && ((await namesIn(folder)) ?? []).length === 0) return notApplicable(`${folder} holds no recipe`);
    return recipesVerdict(folder, nucleus === undefined ? 'all' : lintFor[nucleus.kind]);
  },
};

async function recipesVerdict(folder: string, nucleus: LintOptions['nucleus']): Promise<Verdict> {
  const read = await readRecipeFiles([folder]).catch((error: unknown) => {
    if (error instanceof FescueError) return error;
    throw error;
  });
  if (read instanceof FescueError) return fail(read.message.replace(/\.$/, ''), 'Name the folder of the recipes with --recipe-dir.');
  // What the nucleus notes of a component lies beside its recipe. Recipes of AWS are not ours to correct.
  const sources = read.filter((source) => !source.file.endsWith('.metadata.json') && !isOfAws(source));
  if (sources.length === 0) return notApplicable(`${folder} holds recipes of AWS alone`);
  const findings = lintRecipes(sources, { nucleus }).filter((one) => one.nucleus !== 'gdk');
  const [errors, warnings] = [findings.filter(({ severity }) => severity === 'error'), findings.filter(({ severity }) => severity === 'warning')];
  const remedy = `fescue lint-recipe ${folder} --nucleus ${nucleus}`;
  if (errors.length > 0) return fail(described(errors), remedy);
  if (warnings.length > 0) return warning(described(warnings), remedy);
  return ok(`${sources.length} ${sources.length === 1 ? 'recipe' : 'recipes'} in ${folder}`);
}

function isOfAws(source: Parameters<typeof readRecipe>[0]): boolean {
  const read = readRecipe(source);
  return 'recipe' in read && read.recipe.name?.startsWith('aws.') === true;
}

function described([first, ...more]: readonly Finding[]): string {
  if (first === undefined) return '';
  return `${first.file}:${first.line}: ${first.path} ${first.problem} (${first.id})${more.length === 0 ? '' : `, and ${more.length} more`}`;
}
