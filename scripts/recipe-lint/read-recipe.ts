import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Scalar } from 'yaml';
import type { Entry, Located, RecipeNode } from './recipe-node.ts';
import { viewOf, type Recipe } from './recipe-view.ts';
import type { Violation } from './rule.ts';

/** A recipe file's content. */
export type RecipeSource = { readonly file: string; readonly text: string };

/** No reader of recipes needs more, and the walk over the tree is recursive. */
const mostLevels = 64;

type Reading = { readonly lines: LineCounter; readonly problems: Violation[] };

/**
 * Reads YAML 1.2 or JSON without changing the spelling of anything. Aliases are not followed, so that a small file
 * stays small.
 *
 * @returns the recipe, or why it cannot be looked into
 */
export function readRecipe({ file, text }: RecipeSource): { readonly recipe: Recipe } | { readonly problems: readonly Violation[] } {
  const reading: Reading = { lines: new LineCounter(), problems: [] };
  const format = file.toLowerCase().endsWith('.json') ? 'json' : 'yaml';
  const document = parseDocument(text, { version: '1.2', uniqueKeys: false, prettyErrors: false, logLevel: 'error', lineCounter: reading.lines });
  for (const error of document.errors.slice(0, 3)) {
    // The parser's own message may quote the file, and with it a secret.
    reading.problems.push({ at: place(error.pos[0], [], reading), detail: error.code.toLowerCase().replaceAll('_', ' ') });
  }
  if (reading.problems.length === 0 && format === 'json') checkJson(text, reading);
  if (reading.problems.length > 0) return reading;
  const root = convert(document.contents, { path: [], from: 0 }, reading);
  if (root.kind !== 'map') reading.problems.push({ at: root, detail: 'expected a map of keys such as ComponentName, got something else' });
  return reading.problems.length > 0 || root.kind !== 'map' ? reading : { recipe: viewOf({ file, text, format, root }) };
}

/** What YAML reads is not always JSON: comments, single quotes, commas at the end. */
function checkJson(text: string, reading: Reading): void {
  try {
    JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const offset = Number(/at position (\d+)/.exec(error.message)?.[1] ?? 0);
    reading.problems.push({ at: place(offset, [], reading), detail: 'the file ends in .json, and its content is YAML but not JSON' });
  }
}

type Position = { readonly path: Located['path']; readonly from: number };

function convert(node: unknown, position: Position, reading: Reading): RecipeNode {
  const from = hasRange(node) ? node.range[0] : position.from;
  const at = place(from, position.path, reading);
  const inner = (key: string | number): Position => ({ path: [...position.path, key], from });
  if (position.path.length > mostLevels) {
    reading.problems.push({ at: { ...at, path: position.path.slice(0, 3) }, detail: `is nested deeper than ${mostLevels} levels` });
    return { ...at, kind: 'alias' };
  }
  if (isAlias(node)) return { ...at, kind: 'alias' };
  if (isSeq(node)) return { ...at, kind: 'list', items: node.items.map((item, index) => convert(item, inner(index), reading)) };
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }): Entry => {
      const name = isScalar(key) ? (key.source ?? String(key.value)) : '(a key that is no text)';
      return { ...place(hasRange(key) ? key.range[0] : from, [...position.path, name], reading), key: name, value: convert(value, inner(name), reading) };
    });
    return { ...at, kind: 'map', entries };
  }
  return scalar(isScalar(node) ? node : undefined, at);
}

function scalar(node: Scalar | undefined, at: Located): RecipeNode {
  const value = node?.value;
  const kept = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
  return { ...at, kind: 'scalar', value: kept, text: typeof kept === 'string' ? kept : (node?.source ?? ''), quoted: node?.type !== 'PLAIN' };
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function place(offset: number, path: Located['path'], { lines }: Reading): Located {
  const { line, col } = lines.linePos(offset);
  return { path, line: Math.max(line, 1), column: Math.max(col, 1) };
}
