import { createHash } from 'node:crypto';
import { constants, createReadStream, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { roomError } from '../../components/common/disk-room.ts';
import { FescueError, hasCode } from '../../components/common/errors.ts';
import type { Artifact, Manifest, Recipe } from './recipe.ts';
import { segment, type Store } from './store.ts';
import { unarchive } from './unarchive.ts';

/** An artifact file that was found and read, with the hash of its content. */
export type FoundArtifact = { readonly artifact: Artifact; readonly source: string; readonly sha256: string };

type Search = { readonly recipe: Recipe; readonly manifest: Manifest; readonly store: Store; readonly artifactDir?: string | undefined };

/**
 * Finds a component's artifacts, in the given folder or else in the store, without changing anything.
 *
 * @returns them, and a text that differs whenever a content, a name or a permission does
 * @throws FescueError `not-found` naming the Uri and the folder, `failed-precondition` when a digest differs
 */
export async function findArtifacts(search: Search): Promise<{ found: FoundArtifact[]; fingerprint: string }> {
  const found: FoundArtifact[] = [];
  for (const artifact of search.manifest.artifacts) {
    const source = sourceOf(artifact, search);
    const sha256 = await hashFile(source, 'sha256', artifact, search.recipe);
    await checkDigest(source, artifact, search.recipe);
    found.push({ artifact, source, sha256 });
  }
  return { found, fingerprint: JSON.stringify(found.map(({ artifact, sha256 }) => [artifact, sha256])) };
}

/**
 * Prepares a version in the staging folder, beside the store.
 *
 * @throws FescueError `resource-exhausted` when there is no room; nothing of it is left then
 */
export async function stageComponent({ recipe, store }: { recipe: Recipe; store: Store }, found: readonly FoundArtifact[]): Promise<void> {
  const { recipe: recipeFile, artifacts, unarchived } = store.staging.files(recipe.name, recipe.version);
  const folder = dirname(recipeFile);
  try {
    await rm(folder, { recursive: true, force: true });
    for (const path of [artifacts, unarchived]) await mkdir(path, { recursive: true });
    await writeFile(recipeFile, recipe.text);
    for (const { artifact, source } of found) await installArtifact({ artifact, source, artifacts, unarchived });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw roomError(error, store.root);
  }
}

function sourceOf(artifact: Artifact, { recipe, store, artifactDir }: Search): string {
  const stored = join(store.files(recipe.name, recipe.version).artifacts, artifact.fileName);
  if (artifactDir === undefined) return stored;
  const given = join(artifactDir, segment(recipe.name), segment(recipe.version), artifact.fileName);
  return existsSync(given) || !existsSync(stored) ? given : stored;
}

async function installArtifact(job: { artifact: Artifact; source: string; artifacts: string; unarchived: string }): Promise<void> {
  const target = join(job.artifacts, job.artifact.fileName);
  const mode = modeOf(job.artifact, process.getuid?.() === 0);
  await copyFile(job.source, target, constants.COPYFILE_FICLONE);
  await chmod(target, mode);
  if (job.artifact.unarchive === 'ZIP') {
    const folder = join(job.unarchived, parse(job.artifact.fileName).name);
    await unarchive({ zip: target, folder, mode });
    await setModes(folder, mode);
  }
}

/** Permission bits as the nucleus sets them; group counts as owner, and a nucleus that is not root stays able to write. */
export function modeOf(permission: { read: Artifact['read']; execute: Artifact['execute'] }, root: boolean): number {
  const read = { NONE: 0o400, OWNER: 0o440, ALL: 0o444 }[permission.read];
  const execute = { NONE: 0, OWNER: 0o110, ALL: 0o111 }[permission.execute];
  return read | execute | (root ? 0 : 0o200);
}

async function setModes(folder: string, mode: number): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : mode);
  }
}

async function checkDigest(source: string, artifact: Artifact, recipe: Recipe): Promise<void> {
  if (artifact.digest === undefined) return;
  const algorithm = artifact.algorithm ?? 'SHA-256';
  if (!['SHA-256', 'SHA-384', 'SHA-512'].includes(algorithm)) {
    throw new FescueError('failed-precondition', `Artifact ${artifact.uri} of ${recipe.name} ${recipe.version} has Algorithm ${algorithm}; expected SHA-256, SHA-384 or SHA-512. Correct it in ${recipe.path}.`);
  }
  const actual = Buffer.from(await hashFile(source, algorithm.replace('-', '').toLowerCase(), artifact, recipe), 'hex').toString('base64');
  if (actual === artifact.digest) return;
  throw new FescueError('failed-precondition', `Artifact ${source} is not what ${recipe.path} describes: its ${algorithm} digest is ${actual}, expected ${artifact.digest}. Build the artifact again, or remove Digest and Algorithm from the recipe.`);
}

async function hashFile(source: string, algorithm: string, artifact: Artifact, recipe: Recipe): Promise<string> {
  const hash = createHash(algorithm);
  try {
    await pipeline(createReadStream(source), hash);
    return hash.digest('hex');
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) throw error;
    throw new FescueError('not-found', `Artifact ${artifact.uri} of ${recipe.name} ${recipe.version} is missing: expected a file "${artifact.fileName}" in ${dirname(source)}. Build the component, or name the folder that holds <component>/<version>/<file> with --artifact-dir.`, { cause: error });
  }
}
