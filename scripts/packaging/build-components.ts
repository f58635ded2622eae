import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { valid } from 'semver';
import { roomError } from '../../components/common/disk-room.ts';
import { describeArtifacts, makeArtifacts, type Artifact } from './artifacts.ts';
import { removeUnused } from './cache.ts';
import { nextDevVersion, readDevVersions, writeDevVersions } from './dev-versions.ts';
import { putInPlace } from './put-in-place.ts';
import { components, recipeText, type Architecture, type Component } from './recipes.ts';

export type BuildOptions = {
  /** Receives `recipes`, `artifacts` and `source-maps`; what is there of these components is replaced. */
  readonly folder: string;
  /** Of the runtime. Default: this machine's alone. */
  readonly architectures?: readonly Architecture[];
  /** `dev` gives a component that changed since the last such build in the folder the next patch version. Default: `release`. */
  readonly versions?: 'release' | 'dev';
  /** Told what is being made, and what was found amiss. */
  readonly onProgress?: (text: string) => void;
};

export type BuildResult = {
  readonly recipeDir: string;
  readonly artifactDir: string;
  /** Every component with its version. */
  readonly components: Record<string, string>;
  /** Every component's files. */
  readonly artifacts: Record<string, readonly Artifact[]>;
};

const stagingStart = '.staging-';

type Made = { readonly component: Component; readonly artifacts: readonly Artifact[] };

/**
 * Bundles the components and lays recipes and artifacts out as greengrass-cli takes them. They are put in place when all
 * are complete.
 *
 * @throws FescueError `unavailable` when the runtime for another architecture cannot be fetched, `resource-exhausted`
 *   when there is no room
 */
export async function buildComponents(options: BuildOptions): Promise<BuildResult> {
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true });
  // Of builds that were killed.
  await removeUnused(folder, stagingStart);
  const staging = await mkdtemp(join(folder, stagingStart));
  try {
    const made = await versioned(await makeAll(staging, options), options);
    for (const one of made) await placeComponent(one, { staging, folder });
    return resultOf(made, folder);
  } catch (error) {
    throw roomError(error, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

export function hostArchitecture(): Architecture {
  return process.arch === 'arm64' ? 'aarch64' : 'amd64';
}

/** The name of a recipe file that every deployment tool finds. */
export function recipeFileName({ name, version }: Component): string {
  return `${name}-${version}.yaml`;
}

/** At once: the bundler is a process of its own, and the runtime is much to read. */
function makeAll(staging: string, options: BuildOptions): Promise<Made[]> {
  return Promise.all(components().map(async (component) => {
    const folder = join(staging, 'artifacts', component.name);
    await makeArtifacts(component, { folder, mapFolder: join(staging, 'source-maps', component.name), architectures: options.architectures ?? [hostArchitecture()], progress: progressOf(options) });
    return { component, artifacts: await describeArtifacts(folder) };
  }));
}

/** Development versions are remembered before anything has them: none is given twice. */
async function versioned(made: readonly Made[], options: BuildOptions): Promise<readonly Made[]> {
  if (options.versions !== 'dev') return made;
  const file = join(options.folder, 'dev-versions.json');
  let known = await readDevVersions(file, progressOf(options));
  const result = made.map(({ component, artifacts }) => {
    const next = nextDevVersion(component, artifacts, known);
    known = next.known;
    return { component: next.component, artifacts };
  });
  await writeDevVersions(file, known);
  return result;
}

/** Puts one component in place of its other versions; what else is in the folder stays. */
async function placeComponent({ component }: Made, { staging, folder }: { staging: string; folder: string }): Promise<void> {
  const { name, version } = component;
  await writeFile(join(staging, 'recipe'), recipeText(component));
  await putInPlace(join(staging, 'artifacts', name), join(folder, 'artifacts', name, version));
  await removeOthers(join(folder, 'artifacts', name), (other) => other !== version);
  await putInPlace(join(staging, 'recipe'), join(folder, 'recipes', recipeFileName(component)));
  await removeOthers(join(folder, 'recipes'), (file) => isRecipeOf(name, file) && file !== recipeFileName(component));
  await removeOthers(join(folder, 'source-maps', name), () => true);
  if (existsSync(join(staging, 'source-maps', name))) await putInPlace(join(staging, 'source-maps', name), join(folder, 'source-maps', name, version));
}

async function removeOthers(folder: string, isOther: (name: string) => boolean): Promise<void> {
  for (const name of existsSync(folder) ? await readdir(folder) : []) {
    if (isOther(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isRecipeOf(name: string, file: string): boolean {
  return file.startsWith(`${name}-`) && valid(file.slice(name.length + 1).replace(/\.yaml$/, '')) !== null;
}

function resultOf(made: readonly Made[], folder: string): BuildResult {
  const artifactDir = join(folder, 'artifacts');
  const files = made.map(({ component: { name, version }, artifacts }) => [name, artifacts.map((artifact) => ({ ...artifact, path: join(artifactDir, name, version, artifact.file) }))] as const);
  return {
    recipeDir: join(folder, 'recipes'),
    artifactDir,
    components: Object.fromEntries(made.map(({ component: { name, version } }) => [name, version])),
    artifacts: Object.fromEntries(files),
  };
}

function progressOf({ onProgress }: BuildOptions): (text: string) => void {
  return onProgress ?? (() => undefined);
}
