/** The tags of a page, attributes and all. */
export function tagsOf(page: string): string[] {
  return page.match(/<[^>]*>/g) ?? [];
}

const empty = new Set(['meta', 'br', 'img', 'rect', 'line']);

/** Elements that are not closed in the order in which they were opened. */
export function unbalanced(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const tag of tagsOf(page)) {
    const [, slash, name = ''] = /^<(\/?)([a-z0-9]+)/.exec(tag) ?? [];
    if (tag.startsWith('<!') || (slash === '' && (tag.endsWith('/>') || (empty.has(name) && !isWithText(name, page, tag))))) continue;
    if (slash === '') open.push(name);
    else if (open.pop() !== name) wrong.push(tag);
  }
  return [...wrong, ...open];
}

/** A shape of a chart may have a title. */
function isWithText(name: string, page: string, tag: string): boolean {
  return name === 'rect' && page.includes(`${tag}<title>`);
}

/** Texts that somebody may write to get into a page or a terminal. */
export const hostileTexts = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onload='alert(1)", '</style><script>', '</svg><a href="javascript:1">', '<!--', ']]>', '&lt;b&gt;', '\u202egnp.exe', 'a\u0000b\u001b[31m', '`${1}`'];
