/** Columns on the left unless marked; widths as the longest cell asks. */
export type Column = { readonly title: string; readonly right?: boolean };

/** A table as text, one line per row, with a line of titles. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string => {
    const padded = columns.map(({ right }, index) => (right === true ? (cells[index] ?? '').padStart(widths[index] ?? 0) : (cells[index] ?? '').padEnd(widths[index] ?? 0)));
    return `${padded.join('  ').trimEnd()}\n`;
  };
  return [columns.map(({ title }) => title), ...rows].map(line).join('');
}

/** Names and values, one pair per line; further lines of a value stand below its first. */
export function formatPairs(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length)) + 2;
  return pairs.map(([name, value]) => `${name.padEnd(width)}${value.split('\n').join(`\n${' '.repeat(width)}`)}\n`).join('');
}
