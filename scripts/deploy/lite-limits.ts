import { basename } from 'node:path';
import { stat } from 'node:fs/promises';
import { FescueError } from '../../components/common/errors.ts';
import { readRecipeFolder } from '../local-nucleus/recipe-folder.ts';
import type { Recipe } from '../local-nucleus/recipe.ts';
import type { Order } from './order.ts';

const maxComponents = 10;
const maxRecipeBytes = 8195;

/** Components that nucleus lite brings along. */
const builtIn: readonly string[] = ['aws.greengrass.Nucleus', 'aws.greengrass.NucleusLite', 'aws.greengrass.TokenExchangeService', 'aws.greengrass.Cli'];

/**
 * Refuses what nucleus lite would not do, most of which it only shows by waiting in vain for minutes.
 *
 * @throws FescueError `failed-precondition` with one line per problem
 */
export async function checkLiteOrder(order: Order): Promise<void> {
  const recipes = order.folders === undefined ? [] : (await readRecipeFolder(order.folders.recipeDir)).filter(({ name, version }) => order.add[name] === version);
  const problems = [...orderProblems(order), ...recipes.flatMap((recipe) => recipeProblems(recipe, recipes))];
  for (const { path, name } of recipes) {
    const { size } = await stat(path);
    if (size > maxRecipeBytes) problems.push(`The recipe of ${name}, ${path}, has ${size} bytes; nucleus lite reads ${maxRecipeBytes}. Move parts of it into an artifact.`);
  }
  if (problems.length > 0) throw new FescueError('failed-precondition', problems.join('\n'));
}

function orderProblems({ add, remove, configuration, onFailure }: Order): string[] {
  const problems: string[] = [];
  for (const [what, names] of [['added', Object.keys(add)], ['removed', remove]] as const) {
    if (names.length > maxComponents) problems.push(`${names.length} components are to be ${what} at once (${names.join(', ')}); ggl-cli takes ${maxComponents}. Deploy them in several steps.`);
  }
  const configured = Object.keys(configuration);
  if (configured.length > 0) problems.push(`Nucleus lite takes no configuration with a local deployment, but there is one for ${configured.join(', ')}. Write the values into DefaultConfiguration of the recipe and raise its ComponentVersion, or deploy from the cloud.`);
  if (onFailure === 'rollback') problems.push('Nucleus lite does not roll a local deployment back. Leave --on-failure away; to go back, deploy the earlier version.');
  return problems;
}

/** What is wrong with one recipe, for nucleus lite. */
export function recipeProblems(recipe: Recipe, recipes: readonly Recipe[]): string[] {
  const { name, version, path } = recipe;
  const problems: string[] = [];
  if (!['yaml', 'yml', 'json'].some((extension) => basename(path) === `${name}-${version}.${extension}`)) problems.push(`The recipe of ${name} is ${basename(path)}; nucleus lite finds it only as ${name}-${version}.yaml. Rename it.`);
  const manifests = recipe.manifests.filter(({ platform }) => platform['runtime'] === '*' || platform['runtime'] === 'aws_nucleus_lite');
  if (manifests.length === 0) problems.push(`${name}: no manifest has runtime "*" or aws_nucleus_lite in its Platform, and nucleus lite passes over the others. Add runtime: "*".`);
  if (manifests.some(({ lifecycle }) => lifecycle.steps.run === undefined && lifecycle.steps.startup === undefined)) problems.push(`${name}: has neither run nor startup. Nucleus lite makes no unit then, waits five minutes for it and fails. Add a run step, such as Script: "true".`);
  for (const [dependency, { range }] of Object.entries(recipe.dependencies)) {
    if (builtIn.includes(dependency) || range.trim().split(/ +/).every((part) => /^(?:[<>]=?|=)?\d+\.\d+\.\d+[\w.+-]*$/.test(part))) continue;
    const inFolder = recipes.find((one) => one.name === dependency);
    problems.push(`${name}: depends on ${dependency} ${range}, which nucleus lite cannot read; it knows =, <, <=, > and >= with whole versions. Write for example ">=${inFolder?.version ?? '1.0.0'}".`);
  }
  return problems;
}
