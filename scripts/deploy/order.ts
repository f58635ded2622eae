import { satisfies } from 'semver';
import { FescueError } from '../../components/common/errors.ts';
import type { ConfigurationUpdate } from '../local-nucleus/config-store.ts';
import type { Recipe } from '../local-nucleus/recipe.ts';
import { resolve } from '../local-nucleus/resolve.ts';
import { checkUpdate } from './check-update.ts';
import type { Folders } from './runner.ts';

/** What a deployment is to change, in the same terms for every target. */
export type Order = {
  /** Undefined when nothing is added. */
  readonly folders: Folders | undefined;
  /** Root components to add, each with the exact version. */
  readonly add: Readonly<Record<string, string>>;
  /** Names of root components to remove. */
  readonly remove: readonly string[];
  readonly configuration: Readonly<Record<string, ConfigurationUpdate>>;
  /** Thing group to deploy as; the nucleus's own group of local deployments by default. */
  readonly group?: string | undefined;
  /** Undefined: roll back where the target can. */
  readonly onFailure?: 'rollback' | 'nothing' | undefined;
};

/** An order as it was given: versions may be ranges, and dependencies are not named. */
export type Wish = Omit<Order, 'add'> & { readonly components: Readonly<Record<string, string>> };

/**
 * Works out the order, without changing anything.
 *
 * Every component that the deployment takes from the recipe folder becomes a root component with its exact version. A
 * nucleus changes the configuration of root components only, and goes on using the version of a dependency that runs
 * as long as it satisfies the range: without this, changed dependencies would stay behind.
 *
 * @param recipes those of the recipe folder
 * @returns the order, and what the operator should know about it
 * @throws FescueError with one line per problem
 */
export function planOrder(wish: Wish, recipes: readonly Recipe[]): { order: Order; notes: readonly string[] } {
  const chosen = resolve({ roots: wish.components, recipes: recipes.map((recipe) => onlyWithin(recipe, recipes)) });
  const add = Object.fromEntries(chosen.map(({ name, version }) => [name, version]));
  const problems = wish.remove.filter((name) => Object.hasOwn(add, name)).map((name) => `${name} is to be added and removed at once. Drop one of the two.`);
  const notes: string[] = [];
  for (const [name, update] of Object.entries(wish.configuration)) {
    const recipe = chosen.find((one) => one.name === name);
    if (recipe === undefined) problems.push(`Configuration is given for ${name}, which this deployment does not hold; its components are ${Object.keys(add).join(', ') || 'none'}. Correct the name, or add the component with --component.`);
    else checkUpdate({ name, update, defaults: recipe.defaultConfiguration }, { problems, notes });
  }
  if (problems.length > 0) throw new FescueError('invalid-argument', problems.join('\n'));
  const { components, ...rest } = wish;
  const made = Object.keys(add).filter((name) => !Object.hasOwn(components, name));
  if (made.length > 0) notes.push(`${made.join(', ')}: deployed as root components too, so that exactly these versions run and --set reaches them.`);
  return { order: { ...rest, add }, notes };
}

/** Dependencies that the folder does not bring are for the nucleus to find. */
function onlyWithin(recipe: Recipe, recipes: readonly Recipe[]): Recipe {
  const known = Object.entries(recipe.dependencies).filter(([name, { range }]) => recipes.some((one) => one.name === name && satisfies(one.version, range)));
  return { ...recipe, dependencies: Object.fromEntries(known) };
}
