/** A piece of HTML: what was interpolated is escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Content = string | number | Html | readonly Html[];

/** A template whose values are text unless they are HTML themselves, in elements and in quoted attributes alike. */
export function html(literals: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(literals.map((literal, index) => `${literal}${index < values.length ? textOf(values[index] ?? '') : ''}`).join(''));
}

function textOf(value: Content): string {
  if (typeof value === 'string' || typeof value === 'number') return escape(String(value));
  return value instanceof Html ? value.text : value.map(textOf).join('');
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Control and formatting characters become visible: text could otherwise be turned around, or look like other text. */
function escape(text: string): string {
  return text.replace(/\p{C}/gu, '\u{fffd}').replace(/[&<>"']/g, (character) => escapes[character] ?? '');
}
