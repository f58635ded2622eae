import { LineCounter, parseDocument, type Document } from 'yaml';
import { originalComponent } from '../../components/common/original-settings.ts';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { isObject } from '../local-nucleus/canonical-keys.ts';

/** What a file of the original's users can be. */
export type OldDocument =
  /** A JSON configuration file of the agent, or the plain configuration of its component. */
  | { readonly kind: 'configuration'; readonly settings: Readonly<Record<string, unknown>> }
  /** The configuration of the original's component, taken out of its recipe or of a deployment. */
  | { readonly kind: 'component'; readonly settings: Readonly<Record<string, unknown>>; readonly resets: readonly string[]; readonly otherComponents: readonly string[] }
  /** The recipe of a component that uses the original's. */
  | { readonly kind: 'dependent-recipe'; readonly document: Document };

/**
 * Recognises a configuration, a recipe or a deployment by its content.
 *
 * @param text YAML or JSON
 * @param path where it came from, for messages
 * @throws FescueError `invalid-argument` when it is none of them; no message quotes the content
 */
export function recognise(text: string, path: string): OldDocument {
  const { document, root } = parse(text, path);
  const name = field(root, 'ComponentName');
  if (name === originalComponent) {
    return component(field(field(root, 'ComponentConfiguration'), 'DefaultConfiguration') ?? {}, { path, where: 'ComponentConfiguration.DefaultConfiguration' });
  }
  if (name !== undefined) {
    if (text.includes(originalComponent)) return { kind: 'dependent-recipe', document };
    throw new FescueError('invalid-argument', `Recipe ${path} does not use ${originalComponent}: there is nothing to migrate. Expected the recipe of that component, or of one that depends on it.`);
  }
  return deployment(root, path) ?? { kind: 'configuration', settings: root };
}

/** The value of a property in any case, as Greengrass reads recipes; undefined where there is none. */
function field(value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined;
  return Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

function parse(text: string, path: string): { document: Document; root: Record<string, unknown> } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { version: '1.2', uniqueKeys: true, prettyErrors: false, logLevel: 'error', lineCounter });
  const problems = document.errors.map((error) => {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    // The parser's own message may quote the file, and with it a secret.
    return `line ${line}, column ${col}: ${error.code.toLowerCase().replaceAll('_', ' ')}`;
  });
  if (problems.length > 0) throw new FescueError('invalid-argument', `${path} is not valid YAML or JSON: ${problems.join('; ')}. Correct the syntax and try again.`);
  try {
    const root: unknown = document.toJS();
    if (isObject(root)) return { document, root };
  } catch (error) {
    throw new FescueError('invalid-argument', `${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
  throw new FescueError('invalid-argument', `${path} is no configuration: expected an object of keys (a configuration of the original agent, a recipe or a deployment), got something else.`);
}

/** The component's part of a deployment, as the cloud or as greengrass-cli writes it. */
function deployment(root: Record<string, unknown>, path: string): OldDocument | undefined {
  const listed = field(root, 'components');
  const components = isObject(listed) ? listed : root;
  if (!Object.hasOwn(components, originalComponent)) {
    if (!isObject(listed)) return undefined;
    throw new FescueError('invalid-argument', `Deployment ${path} does not name ${originalComponent}: there is nothing to migrate.`);
  }
  const entry = components[originalComponent];
  const update = isObject(listed) ? (field(entry, 'configurationUpdate') ?? {}) : entry;
  const updates = field(update, 'merge') !== undefined || field(update, 'reset') !== undefined;
  const plain = isObject(listed) || updates ? (field(update, 'merge') ?? {}) : update;
  const reset = field(update, 'reset');
  return component(plain, {
    path,
    where: `the configuration of ${originalComponent}`,
    resets: Array.isArray(reset) ? reset.map(String) : [],
    otherComponents: Object.keys(components).filter((name) => name !== originalComponent),
  });
}

function component(given: unknown, from: { path: string; where: string; resets?: string[]; otherComponents?: string[] }): OldDocument {
  // The cloud has the merge as JSON text inside JSON.
  const settings = typeof given === 'string' ? parseMerge(given, from) : given;
  if (!isObject(settings)) throw new FescueError('invalid-argument', `${from.path}: expected an object of keys as ${from.where}, got something else.`);
  return { kind: 'component', settings, resets: from.resets ?? [], otherComponents: from.otherComponents ?? [] };
}

function parseMerge(text: string, from: { path: string; where: string }): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FescueError('invalid-argument', `${from.path}: ${from.where} is text that is not valid JSON. Correct its merge and try again.`, { cause: error });
  }
}
