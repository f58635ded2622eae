import type { Lookup } from './context.ts';
import type { Glob, Piece, Wildcard } from './glob.ts';

/** @property unknown variables in it whose value is not known; their places stand for any characters */
export type ReadGlob = { readonly glob: Glob; readonly unknown: readonly string[] };

/**
 * Where wildcards stop. `text`: nowhere. `arn`: at colons before the last of the six parts, as ArnLike compares.
 * `resource`: like that, but a `*` at the end of a part runs on past the colon, as Resource does.
 */
export type GlobKind = 'text' | 'arn' | 'resource';

/** @property lookup for policy variables; without one, as in documents of 2008-10-17, `${` is text */
export type GlobReading = { readonly kind: GlobKind; readonly lookup?: Lookup | undefined };

const partsOfArn = 6;
/** Names are bounded so that text with many openings and no end is not searched again for each of them. */
const tokens = /\$\{[^{}]{1,256}\}|[\s\S]/gu;
const variable = /^([^,\s]+)(?:\s*,\s*'([^']*)')?$/;

/** @returns undefined when a variable in it has no value: then it stands for nothing */
export function readGlob(pattern: string, { kind, lookup }: GlobReading): ReadGlob | undefined {
  const unknown: string[] = [];
  const texts: readonly string[] = lookup === undefined ? Array.from(pattern) : (pattern.match(tokens) ?? []);
  const pieces: Piece[] = [];
  let part = 1;
  for (const [index, text] of texts.entries()) {
    const free = kind === 'text' || part >= partsOfArn || pattern === '*' || (kind === 'resource' && text === '*' && (texts[index + 1] ?? ':') === ':');
    if (text === ':') part += 1;
    const read = piecesOf(text, { colons: free, lookup });
    if (read === 'none') return undefined;
    if (read === 'unknown') unknown.push(text);
    pieces.push(...(read === 'unknown' ? [{ many: true, colons: free }] : read));
  }
  return { glob: pieces, unknown };
}

function piecesOf(text: string, { colons, lookup }: { colons: boolean; lookup: Lookup | undefined }): readonly Piece[] | 'none' | 'unknown' {
  if (text === '*' || text === '?') return [{ many: text === '*', colons } satisfies Wildcard];
  if (text.length < 3 || lookup === undefined) return [text];
  const inside = text.slice(2, -1);
  if (/^[*?$]$/.test(inside)) return [inside];
  const [, name = '', fallback] = variable.exec(inside) ?? [];
  if (name === '') return Array.from(text);
  const values = lookup(name);
  if (values === undefined) return 'unknown';
  const value = values.length === 1 ? values[0] : fallback;
  return value === undefined ? 'none' : Array.from(value);
}
