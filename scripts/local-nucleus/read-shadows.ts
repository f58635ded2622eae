import { existsSync } from 'node:fs';
import { opendir, readFile } from 'node:fs/promises';
import { FescueError, hasCode, messageOf } from '../../components/common/errors.ts';
import { shadowFileOf, thingOfFile, thingShadows } from './shadow-files.ts';
import { storeAt } from './store.ts';

export type ReadShadowsOptions = {
  /** Of a local nucleus, which may be running. */
  readonly root: string;
  /** The shadow's own name, such as `fescue`. */
  readonly shadow: string;
  /** Told of files that cannot be read; they are left out. */
  readonly onNote: (text: string) => void;
};

/** @property document as IoT Core gives it: JSON with `state`, `metadata` and `version` */
export type ThingShadow = { readonly thing: string; readonly document: string };

/**
 * The shadows of one name of all things that a local nucleus keeps, one at a time, in no order.
 *
 * @throws FescueError `not-found` when there is no such root
 */
export async function* readShadows({ root, shadow, onNote }: ReadShadowsOptions): AsyncGenerator<ThingShadow, void, undefined> {
  const shadowFolder = shadowFolderAt(root);
  // A nucleus from before there were shadows.
  if (!existsSync(shadowFolder)) return;
  for await (const { name } of await opendir(shadowFolder)) {
    const thing = thingOfFile(name);
    const document = thing === undefined ? undefined : await readDocument({ path: shadowFileOf(shadowFolder, thing), shadow, onNote });
    if (thing !== undefined && document !== undefined) yield { thing, document };
  }
}

/**
 * The shadow of one thing, as `readShadows` gives it; undefined when there is none.
 *
 * @param options.thing a name that AWS takes
 * @throws FescueError `not-found` when there is no such root
 */
export async function readShadow({ root, thing, shadow, onNote }: ReadShadowsOptions & { readonly thing: string }): Promise<string | undefined> {
  return readDocument({ path: shadowFileOf(shadowFolderAt(root), thing), shadow, onNote });
}

function shadowFolderAt(root: string): string {
  if (!existsSync(root)) throw new FescueError('not-found', `There is no local nucleus at ${root}. Start one with: fescue nucleus start --root ${root}`);
  return storeAt(root).shadowFolder;
}

async function readDocument({ path, shadow, onNote }: { path: string; shadow: string; onNote: (text: string) => void }): Promise<string | undefined> {
  try {
    const found = thingShadows.parse(JSON.parse(await readFile(path, 'utf8'))).find((one) => one.shadow === shadow);
    return found?.document === undefined ? undefined : JSON.stringify({ ...found.document, version: found.version });
  } catch (error) {
    // There is none, or the nucleus has put it aside in between.
    if (hasCode(error, 'ENOENT')) return undefined;
    onNote(`${path} cannot be read as shadows: ${error instanceof SyntaxError ? 'it is no JSON' : messageOf(error)}`);
    return undefined;
  }
}
