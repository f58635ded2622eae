import type { Extent } from './extent.ts';

/** A pattern in pieces: characters that stand for themselves, and wildcards. */
export type Glob = readonly Piece[];
export type Piece = string | Wildcard;
/** Stands for one character, or for many or none; for a colon only with `colons`. */
export type Wildcard = { readonly many: boolean; readonly colons: boolean };

/** `*` and `?` for any characters; `$` is no more than a character. */
export function globOf(pattern: string): Glob {
  return Array.from(pattern, (character) => (character === '*' || character === '?' ? { many: character === '*', colons: true } : character));
}

/**
 * How much of what `text` stands for, `pattern` stands for too. When in doubt, which takes wildcards on both sides, it is
 * `sometimes`. The time it takes grows with the product of both lengths, whatever they hold.
 */
export function extentOfMatch(pattern: Glob, text: Glob): Extent {
  const short = pattern.filter((piece, index) => !repeats(piece, pattern[index - 1]));
  if (includes(short, text)) return 'always';
  return overlaps(short, text) ? 'sometimes' : 'never';
}

/** Two stars in a row say no more than one. */
function repeats(piece: Piece, before: Piece | undefined): boolean {
  return typeof piece === 'object' && piece.many && typeof before === 'object' && before.many && before.colons === piece.colons;
}

/** Follows all ways through the pattern at once, so there is nothing to go back to. */
function includes(pattern: Glob, text: Glob): boolean {
  let reached = withEmptyWildcards(pattern, new Set([0]));
  for (const piece of text) {
    const next = new Set<number>();
    for (const at of reached) {
      const taken = pattern[at];
      if (taken !== undefined && includesPiece(taken, piece)) next.add(isMany(taken) ? at : at + 1);
    }
    if (next.size === 0) return false;
    reached = withEmptyWildcards(pattern, next);
  }
  return reached.has(pattern.length);
}

// What is added to a set while it is walked through is walked through too.
function withEmptyWildcards(pattern: Glob, reached: Set<number>): Set<number> {
  for (const at of reached) if (isMany(pattern[at])) reached.add(at + 1);
  return reached;
}

function includesPiece(whole: Piece, part: Piece): boolean {
  if (typeof whole === 'string') return whole === part;
  if (typeof part === 'string') return whole.colons || part !== ':';
  return (whole.many || !part.many) && (whole.colons || !part.colons);
}

/** Whether there is a text that both stand for. */
function overlaps(one: Glob, other: Glob): boolean {
  let row = new Set([0]);
  for (const [at, a] of [...one, undefined].entries()) {
    const next = new Set<number>();
    for (const to of row) {
      const b = other[to];
      if (isMany(a)) next.add(to);
      if (isMany(b)) row.add(to + 1);
      if (a === undefined || b === undefined || !share(a, b)) continue;
      if (isMany(a)) row.add(to + 1);
      next.add(isMany(b) ? to : to + 1);
    }
    if (at === one.length) break;
    row = next;
  }
  return row.has(other.length);
}

/** Whether there is a character that both take. */
function share(a: Piece, b: Piece): boolean {
  return includesPiece(a, b) || includesPiece(b, a) || (typeof a !== 'string' && typeof b !== 'string');
}

function isMany(piece: Piece | undefined): boolean {
  return typeof piece === 'object' && piece.many;
}
