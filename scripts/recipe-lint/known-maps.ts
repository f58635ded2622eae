import { entriesOf, field, type Entry, type RecipeNode } from './recipe-node.ts';
import type { Recipe } from './recipe-view.ts';
import { lifecycleKeys, spelledKeys } from './spelling.ts';

/** A map of a recipe whose keys have a meaning, with the keys it may have. */
export type KnownMap = { readonly node: RecipeNode; readonly what: string; readonly keys: readonly string[] };

/** Every map with known keys, without the lifecycles. */
export function knownMaps(recipe: Recipe): KnownMap[] {
  const of = (what: string, keys: readonly string[], entry: Entry | undefined): KnownMap[] => (entry === undefined ? [] : [{ node: entry.value, what, keys }]);
  return [
    { node: recipe.root, what: 'a recipe', keys: spelledKeys.recipe },
    ...of('ComponentConfiguration', spelledKeys.configuration, field(recipe.root, 'ComponentConfiguration')),
    ...recipe.dependencies.flatMap((entry) => of('a dependency', spelledKeys.dependency, entry)),
    ...recipe.manifests.flatMap((manifest) => [
      { node: manifest.node, what: 'a manifest', keys: spelledKeys.manifest },
      ...manifest.artifacts.flatMap(({ node }) => [{ node, what: 'an artifact', keys: spelledKeys.artifact }, ...of('Permission', spelledKeys.permission, field(node, 'Permission'))]),
    ]),
    ...recipe.lifecycles.flatMap(({ steps }) => steps.map(({ body }) => ({ node: body, what: 'a step', keys: spelledKeys.step }))),
    ...recipe.policies.flatMap(({ policy }) => of('a policy', spelledKeys.policy, policy)),
  ];
}

/** The keys of lifecycles, those that selections of a global one are named by apart. */
export function lifecycleEntries(recipe: Recipe): { readonly entry: Entry; readonly keys: readonly string[] }[] {
  return recipe.lifecycles.flatMap(({ entries }) => entries.map((entry) => ({ entry, keys: lifecycleKeys })));
}

/** All keys of a recipe that have a meaning, with the spellings to choose from. */
export function knownEntries(recipe: Recipe): { readonly entry: Entry; readonly what: string; readonly keys: readonly string[] }[] {
  const maps = knownMaps(recipe).flatMap(({ node, what, keys }) => entriesOf(node).map((entry) => ({ entry, what, keys })));
  return [...maps, ...lifecycleEntries(recipe).map((one) => ({ ...one, what: 'a lifecycle' }))];
}
