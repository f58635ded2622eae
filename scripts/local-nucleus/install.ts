import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { roomError } from '../../components/common/disk-room.ts';
import { FescueError, hasCode } from '../../components/common/errors.ts';
import type { Artifact, Manifest, Recipe } from './recipe.ts';
import { segment, type Store } from './store.ts';
import { unarchive } from './unarchive.ts';

type Installation = { readonly recipe: Recipe; readonly store: Store };

/** An artifact file that was found and read, with the hash of its content. */
export type FoundArtifact = { readonly artifact: Artifact; readonly source: string; readonly sha256: string };

/**
 * Finds a component's artifacts without changing anything.
 *
 * @returns them, and a text that differs whenever a content, a name or a permission does
 * @throws FescueError `not-found` naming the Uri and the folder, `failed-precondition` when a digest differs
 */
export async function findArtifacts({ recipe, manifest, artifactDir }: { recipe: Recipe; manifest: Manifest; artifactDir: string }): Promise<{ found: FoundArtifact[]; fingerprint: string }> {
  const found: FoundArtifact[] = [];
  const folder = join(artifactDir, segment(recipe.name), segment(recipe.version));
  for (const artifact of manifest.artifacts) {
    const source = join(folder, artifact.fileName);
    const sha256 = await hashFile(source, 'sha256', artifact, recipe);
    await checkDigest(source, artifact, recipe);
    found.push({ artifact, source, sha256 });
  }
  return { found, fingerprint: JSON.stringify(found.map(({ artifact, sha256 }) => [artifact, sha256])) };
}

/**
 * Copies the recipe and its artifacts into the store, in place of what is there, and prepares the work folder.
 *
 * @throws FescueError `resource-exhausted` when there is no room; nothing of the artifacts is left then
 */
export async function installComponent(installation: Installation, found: readonly FoundArtifact[]): Promise<void> {
  const { recipe, store } = installation;
  const artifacts = store.artifacts(recipe.name, recipe.version);
  const unarchived = store.unarchived(recipe.name, recipe.version);
  try {
    for (const folder of [artifacts, unarchived]) {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
    }
    for (const { artifact, source } of found) await installArtifact({ artifact, source, artifacts, unarchived });
    await prepareFolders(installation);
  } catch (error) {
    for (const folder of [artifacts, unarchived]) await rm(folder, { recursive: true, force: true });
    throw roomError(error, store.root);
  }
}

/** Creates the folders every component has, and keeps a copy of its recipe. */
async function prepareFolders({ recipe, store }: Installation): Promise<void> {
  const recipeFile = store.recipe(recipe.name, recipe.version);
  await mkdir(dirname(recipeFile), { recursive: true });
  await writeFile(recipeFile, `${JSON.stringify({ ...recipe, path: undefined }, null, 2)}\n`);
  await mkdir(store.work(recipe.name), { recursive: true, mode: 0o700 });
  await mkdir(dirname(store.log(recipe.name)), { recursive: true });
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
