import { LineCounter, parseDocument } from 'yaml';
import { FescueError } from '../../components/common/errors.ts';
import type { JsonObject } from './config-store.ts';
import { describeIssue } from './describe-issue.ts';
import type { Lifecycle } from './lifecycle.ts';
import { recipeSchema } from './recipe-schema.ts';

export type Dependency = { readonly range: string; readonly type: 'HARD' | 'SOFT' };

export type Artifact = {
  readonly uri: string;
  /** The last segment of the URI: the file's name in the artifact folder. */
  readonly fileName: string;
  readonly unarchive: 'NONE' | 'ZIP';
  readonly read: 'NONE' | 'OWNER' | 'ALL';
  readonly execute: 'NONE' | 'OWNER' | 'ALL';
  /** Base64 of the content's hash. */
  readonly digest?: string | undefined;
  /** Name of the hash, such as `SHA-256`. */
  readonly algorithm?: string | undefined;
};

export type Manifest = {
  readonly platform: Readonly<Record<string, string>>;
  /** The manifest's own lifecycle, or the part of the global one its selections choose. */
  readonly lifecycle: Lifecycle;
  readonly artifacts: readonly Artifact[];
};

export type Recipe = {
  /** The file it was read from. */
  readonly path: string;
  /** What the file holds. */
  readonly text: string;
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, Dependency>>;
  readonly defaultConfiguration: JsonObject;
  readonly manifests: readonly Manifest[];
};

/**
 * Reads a recipe.
 *
 * @param text the file's content, YAML 1.2 or JSON
 * @param path where it came from, for messages
 * @throws FescueError `invalid-argument` naming every problem of the file at once
 */
export function parseRecipe(text: string, path: string): Recipe {
  const parsed = recipeSchema.safeParse(parseYaml(text, path), { error: describeIssue });
  if (parsed.success) return { path, text, ...parsed.data };
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(whole file)'}: ${issue.message}`);
  throw new FescueError('invalid-argument', `Recipe ${path} cannot be used: ${problems.join('; ')}. Correct these keys and deploy again.`);
}

function parseYaml(text: string, path: string): unknown {
  const lineCounter = new LineCounter();
  // JSON goes through the YAML parser as well: JSON.parse keeps the last of two equal keys without a word.
  const document = parseDocument(text, { version: '1.2', uniqueKeys: true, prettyErrors: false, lineCounter });
  const problems = document.errors.map((error) => {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    return `line ${line}, column ${col}: ${error.message}`;
  });
  if (problems.length === 0) return document.toJS();
  throw new FescueError('invalid-argument', `Recipe ${path} is not valid YAML or JSON: ${problems.join('; ')}. Correct the syntax and deploy again.`);
}
