import { entriesOf, field, textOf } from './recipe-node.ts';
import type { ManifestView, Recipe } from './recipe-view.ts';

/** Why nucleus lite passes over a manifest; undefined when it can choose it. The keys are read as lite spells them. */
export function liteSkips(manifest: ManifestView, recipe: Recipe): string | undefined {
  if (manifest.platform?.value.kind !== 'map') return 'it has no Platform';
  const runtime = platformValue(manifest, 'runtime');
  if (runtime === undefined) return 'its Platform has no runtime';
  if (runtime !== '*' && runtime !== 'aws_nucleus_lite') return `its runtime is ${JSON.stringify(runtime)}`;
  const os = platformValue(manifest, 'os');
  if (os === undefined) return 'its Platform has no os';
  if (!['linux', '*', 'all'].includes(os)) return `its os is ${JSON.stringify(os)}`;
  if (entriesOf(manifest.lifecycle?.value).length > 0) return undefined;
  return globalLiteLifecycle(manifest, recipe) ? undefined : 'it has no Lifecycle, nor does the one at the top have what its Selections name';
}

/** Whether nucleus lite finds a lifecycle for a manifest that has none: `all` or `linux`, named and right below the top. */
export function globalLiteLifecycle(manifest: ManifestView, recipe: Recipe): boolean {
  const named = manifest.selections.length === 0 ? ['all'] : manifest.selections.filter((one) => one === 'all' || one === 'linux');
  return named.some((keyword) => entriesOf(recipe.globalLifecycle?.value).some(({ key, value }) => key === keyword && value.kind === 'map'));
}

/** A platform attribute's value; attribute names are case-sensitive everywhere. */
export function platformValue({ platform }: ManifestView, name: string): string | undefined {
  const entry = field(platform?.value, name);
  return entry?.key === name ? textOf(entry.value) : undefined;
}
