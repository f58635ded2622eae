import { z } from 'zod';

/** What a path leads to: a value, or further keys. */
export type Tree = { [key: string]: unknown };

const line = z.object({ TP: z.array(z.string()).min(1), W: z.string(), V: z.unknown() });

/**
 * The configuration of a classic nucleus from its transaction log, to which it writes every change at once; the effective
 * configuration beside it is only written when the nucleus starts and stops. A line that cannot be read, such as one that
 * is just being written, is passed over.
 *
 * @param text lines such as `{"TS":1795644457834,"TP":["system","thingName"],"W":"changed","V":"camera-4"}`
 */
export function replay(text: string): Tree {
  const tree = emptyTree();
  for (const one of text.split('\n')) {
    const parsed = line.safeParse(jsonOf(one));
    if (parsed.success) apply(tree, parsed.data);
  }
  return tree;
}

function apply(tree: Tree, { TP: path, W: what, V: value }: z.output<typeof line>): void {
  const [key = '', ...parents] = path.toReversed();
  if (what === 'changed') treeAt(tree, parents.toReversed())[key] = value;
  else if (what === 'removed') delete treeAt(tree, parents.toReversed())[key];
  else if (what === 'interiorAdded') treeAt(tree, path);
}

function treeAt(tree: Tree, path: readonly string[]): Tree {
  return path.reduce((parent, key) => {
    const found = parent[key];
    const child = isTree(found) ? found : emptyTree();
    parent[key] = child;
    return child;
  }, tree);
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without a prototype: keys are whatever the file says. */
function emptyTree(): Tree {
  return Object.create(null) as Tree;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
