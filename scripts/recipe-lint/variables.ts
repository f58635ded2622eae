import { entriesOf, itemsOf, type RecipeNode } from './recipe-node.ts';

/** What a brace in a script or another interpolated text starts. */
export type BraceUse = {
  /** From the brace to the one that closes it, or to the end of the line. */
  readonly text: string;
  readonly offset: number;
  /** The parts between colons of what has the form of a recipe variable; undefined of any other brace. */
  readonly variable?: { readonly component?: string; readonly namespace: string; readonly key: string };
};

const systemKeys: Readonly<Record<string, readonly string[]>> = { artifacts: ['path', 'decompressedPath'], work: ['path'], kernel: ['rootPath'], iot: ['thingName'] };

export const variableNames = [...Object.entries(systemKeys).flatMap(([namespace, keys]) => keys.map((key) => `{${namespace}:${key}}`)), '{configuration:/...}'];

/** Every opening brace of a text, with what nucleus lite takes for the variable that it starts. */
export function bracesIn(text: string): BraceUse[] {
  return [...text.matchAll(/\{[^{}\n]*\}?/g)].map((match) => {
    const [found] = match;
    const [, component, namespace = '', key = ''] = /^\{(?:([.\w-]+):)?([.\w-]+):([^:}]*)\}$/.exec(found) ?? [];
    const shell = text[match.index - 1] === '$';
    if (namespace === '' || shell) return { text: shell ? `$${found}` : found, offset: match.index };
    return { text: found, offset: match.index, variable: { namespace, key, ...(component === undefined ? {} : { component }) } };
  });
}

/** Whether a namespace and key are ones of the nucleus, a JSON pointer after `configuration` among them. */
export function isKnownVariable({ namespace, key }: { readonly namespace: string; readonly key: string }): boolean {
  if (namespace === 'configuration') return key === '' || key.startsWith('/');
  return Object.hasOwn(systemKeys, namespace) && systemKeys[namespace]?.includes(key) === true;
}

/** What a JSON pointer leads to in a default configuration; `spelled` when it does in another case. */
export function followPointer(root: RecipeNode | undefined, pointer: string): { readonly found: boolean; readonly spelled?: string } {
  let node = root;
  let spelled = '';
  for (const escaped of pointer.split('/').slice(1)) {
    const key = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    const entries = entriesOf(node);
    const entry = entries.find((one) => one.key === key) ?? entries.find((one) => one.key.toLowerCase() === key.toLowerCase());
    const item = node?.kind === 'list' && /^\d+$/.test(key) ? itemsOf(node)[Number(key)] : undefined;
    if (entry === undefined && item === undefined) return { found: node?.kind === 'alias' };
    node = entry?.value ?? item;
    spelled += `/${(entry?.key ?? key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  }
  return spelled === pointer || pointer === '' ? { found: true } : { found: false, spelled };
}

/** Whether the shell sees an offset of a script inside double or single quotes, or in a comment. */
export function quotingAt(script: string, offset: number): 'none' | 'double' | 'single' | 'comment' {
  let state: 'none' | 'double' | 'single' | 'comment' = 'none';
  for (let index = 0; index < offset; index += 1) {
    const letter = script[index];
    if (letter === '\\' && (state === 'none' || state === 'double')) index += 1;
    else if (state === 'none' && letter === '"') state = 'double';
    else if (state === 'none' && letter === "'") state = 'single';
    else if (state === 'none' && letter === '#' && /^$|[\s;&|(]/.test(script[index - 1] ?? '')) state = 'comment';
    else if ((state === 'double' && letter === '"') || (state === 'single' && letter === "'") || (state === 'comment' && letter === '\n')) state = 'none';
  }
  return state;
}
