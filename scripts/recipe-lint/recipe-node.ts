/** Where something stands: keys and indexes from the top of the recipe, and line and column from 1. */
export type Located = { readonly path: readonly (string | number)[]; readonly line: number; readonly column: number };

/** A key as it is spelled, with its value; located at the key. */
export type Entry = Located & { readonly key: string; readonly value: RecipeNode };

export type MapNode = Located & { readonly kind: 'map'; readonly entries: readonly Entry[] };
export type ListNode = Located & { readonly kind: 'list'; readonly items: readonly RecipeNode[] };
export type ScalarNode = Located & {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As it stands in the file, without quotes: `0660` where `value` is 660. */
  readonly text: string;
  /** In quotes or a block, so that no reader takes it for anything but text. */
  readonly quoted: boolean;
};
/** An alias such as `*name`; what it stands for is not looked at. */
export type AliasNode = Located & { readonly kind: 'alias' };
export type RecipeNode = MapNode | ListNode | ScalarNode | AliasNode;

/** The entries of a map; none of anything else. */
export function entriesOf(node: RecipeNode | undefined): readonly Entry[] {
  return node?.kind === 'map' ? node.entries : [];
}

/** The items of a list; none of anything else. */
export function itemsOf(node: RecipeNode | undefined): readonly RecipeNode[] {
  return node?.kind === 'list' ? node.items : [];
}

/** The entry of a key: spelled so, or else in any case, as the classic nucleus reads keys. */
export function field(node: RecipeNode | undefined, name: string): Entry | undefined {
  const entries = entriesOf(node);
  return entries.find(({ key }) => key === name) ?? entries.find(({ key }) => key.toLowerCase() === name.toLowerCase());
}

/** A scalar's text, such as `1.0` of the number; undefined for null and for anything but a scalar. */
export function textOf(node: RecipeNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? node.text : undefined;
}

/** The value without places, as plain data; an alias is undefined. */
export function plain(node: RecipeNode | undefined): unknown {
  if (node?.kind === 'map') return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
  if (node?.kind === 'list') return node.items.map(plain);
  return node?.kind === 'scalar' ? node.value : undefined;
}

/** A node and all below it. */
export function* everyNode(node: RecipeNode): Iterable<RecipeNode> {
  yield node;
  for (const child of node.kind === 'map' ? node.entries.map(({ value }) => value) : itemsOf(node)) yield* everyNode(child);
}

/** A path for people: `Manifests[0].Platform`. */
export function pathText(path: readonly (string | number)[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return text.replace(/^\./, '') || '(whole file)';
}
