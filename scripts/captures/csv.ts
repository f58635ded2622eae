/** A row of comma-separated values: quoted as RFC 4180 has it, ended as lines are here. */
export function csvRow(cells: readonly (string | number)[]): string {
  return `${cells.map(String).map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;
}
