export type DiffLine = { readonly sign: '+' | '-' | ' '; readonly text: string };

/**
 * What becomes of a text, line by line: the fewest lines that go and come, those that stay between them. Of nothing, all
 * lines come; to nothing, all go.
 */
export function diffLines(before: string | undefined, after: string | undefined): readonly DiffLine[] {
  const [from, to] = [linesOf(before), linesOf(after)];
  const common = commonLengths(from, to);
  const lines: DiffLine[] = [];
  for (let [left, right] = [0, 0]; left < from.length || right < to.length; ) {
    const [old, fresh] = [from[left], to[right]];
    if (old !== undefined && old === fresh) {
      lines.push({ sign: ' ', text: old });
      left += 1;
      right += 1;
    } else if (old !== undefined && (fresh === undefined || lengthAt(common, left + 1, right) >= lengthAt(common, left, right + 1))) {
      lines.push({ sign: '-', text: old });
      left += 1;
    } else {
      lines.push({ sign: '+', text: fresh ?? '' });
      right += 1;
    }
  }
  return lines;
}

function linesOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split('\n');
}

/** At [left][right]: how many lines the rests from there have in common, in order. */
function commonLengths(from: readonly string[], to: readonly string[]): number[][] {
  const table = Array.from({ length: from.length + 1 }, () => Array<number>(to.length + 1).fill(0));
  for (let left = from.length - 1; left >= 0; left--) {
    const row = table[left] ?? [];
    for (let right = to.length - 1; right >= 0; right--) {
      row[right] = from[left] === to[right] ? lengthAt(table, left + 1, right + 1) + 1 : Math.max(lengthAt(table, left + 1, right), lengthAt(table, left, right + 1));
    }
  }
  return table;
}

function lengthAt(table: readonly (readonly number[])[], left: number, right: number): number {
  return table[left]?.[right] ?? 0;
}
