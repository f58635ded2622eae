/** JSON in one line of printable characters, whatever texts of others are in it: what would move a terminal's cursor or hide is escaped. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, escaped)}\n`;
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, place) => `\\u${character.charCodeAt(place).toString(16).padStart(4, '0')}`).join('');
}
