import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeArchive, type ArchiveEntry } from './archive.ts';
import { agentPrograms, bundleProgram, libraryFiles } from './bundles.ts';
import { inCheckout } from './paths.ts';
import { architectures, componentNames, components, recipeText, runtimeArchive, sampleModelFolder, type Architecture, type Component } from './recipes.ts';
import { runtimeFiles } from './runtime-files.ts';

export type BuildResult = {
  readonly recipeDir: string;
  readonly artifactDir: string;
  /** Every component with its version. */
  readonly components: Record<string, string>;
};

/** Those with a process that has to be stopped. */
const runningComponents: readonly string[] = [componentNames.agent, componentNames.inference];
/** Archives that take seconds to make, by a hash of what they are made from. */
const cacheFolder = inCheckout('build/cache');

type Build = { readonly folder: string; readonly progress: (text: string) => void };

/**
 * Bundles the components and lays recipes and artifacts out as greengrass-cli takes them. The runtime's archive, which
 * takes seconds to compress, is kept for the next time.
 *
 * @param options.folder receives `recipes` and `artifacts`, in place of what is there
 * @param options.onProgress told what is being made
 */
export async function buildComponents(options: { folder: string; onProgress?: (text: string) => void }): Promise<BuildResult> {
  const build = { folder: options.folder, progress: options.onProgress ?? (() => undefined) };
  const result = { recipeDir: join(build.folder, 'recipes'), artifactDir: join(build.folder, 'artifacts') };
  for (const folder of [result.recipeDir, result.artifactDir]) await rm(folder, { recursive: true, force: true });
  await mkdir(result.recipeDir, { recursive: true });
  const all = components();
  for (const component of all) {
    await writeFile(join(result.recipeDir, recipeFileName(component)), recipeText(component));
    const folder = await artifactFolder(component, result.artifactDir);
    if (runningComponents.includes(component.name)) await copyFile(inCheckout('components/common/stop.sh'), join(folder, 'stop.sh'));
    await buildArchive(component, folder, build);
  }
  await rm(join(build.folder, 'staging'), { recursive: true, force: true });
  return { ...result, components: Object.fromEntries(all.map(({ name, version }) => [name, version])) };
}

/** The name of a recipe file that every deployment tool finds. */
export function recipeFileName({ name, version }: Component): string {
  return `${name}-${version}.yaml`;
}

/** Makes the folder of a component's artifacts, with the script that installs its archive. */
export async function artifactFolder({ name, version }: Component, artifactDir: string): Promise<string> {
  const folder = join(artifactDir, name, version);
  await mkdir(folder, { recursive: true });
  await copyFile(inCheckout('components/common/install.sh'), join(folder, 'install.sh'));
  return folder;
}

async function buildArchive(component: Component, folder: string, build: Build): Promise<void> {
  if (component.name === componentNames.runtime) return buildRuntime(folder, build);
  build.progress(`Bundling ${component.name} ${component.version}`);
  await writeArchive(join(folder, component.archive), await entriesOf(component.name, build), stagingFolder(build, component.name));
}

async function entriesOf(name: string, build: Build): Promise<ArchiveEntry[]> {
  const bundles = stagingFolder(build, 'bundles');
  const bundled = (file: string): ArchiveEntry => ({ name: file, from: join(bundles, file) });
  switch (name) {
    case componentNames.agent:
      for (const program of agentPrograms) await bundleProgram(program, bundles);
      return [
        ...agentPrograms.map((program) => bundled(`${program}.cjs`)),
        { name: 'agent.proto', from: inCheckout('proto/agent.proto') },
        ...libraryFiles,
      ];
    case componentNames.inference:
      await bundleProgram('inference', bundles);
      return [
        bundled('inference.cjs'),
        { name: 'agent.proto', from: inCheckout('proto/agent.proto') },
        { name: 'photos', from: inCheckout('components/inference/photos') },
      ];
    default:
      return ['sagemaker_edge_manifest', 'model.onnx', 'labels.txt'].map((file) => ({ name: file, from: join(sampleModelFolder, file) }));
  }
}

async function buildRuntime(folder: string, build: Build): Promise<void> {
  const architecture = hostArchitecture();
  const kept = join(cacheFolder, `${await runtimeKey(architecture)}.tar.gz`);
  if (!existsSync(kept)) {
    build.progress(`Packing ${componentNames.runtime} for linux/${architecture} (once per change of the lock file)`);
    const made = join(build.folder, 'staging', 'runtime.tar.gz');
    await writeArchive(made, runtimeFiles(architectures[architecture]), stagingFolder(build, componentNames.runtime));
    await mkdir(cacheFolder, { recursive: true });
    const outdated = (await readdir(cacheFolder)).filter((name) => !name.startsWith(basename(kept)));
    for (const name of outdated) await rm(join(cacheFolder, name), { force: true });
    // Complete under its name from the first moment: another build may be looking for it.
    await copyFile(made, `${kept}.${process.pid}`);
    await rename(`${kept}.${process.pid}`, kept);
  }
  await copyFile(kept, join(folder, runtimeArchive(architecture)), constants.COPYFILE_FICLONE);
}

/** Changes with everything the runtime archive is made from. */
async function runtimeKey(architecture: Architecture): Promise<string> {
  const hash = createHash('sha256').update(architecture);
  for (const file of ['package-lock.json', 'scripts/packaging/runtime-files.ts', 'scripts/packaging/archive.ts']) hash.update(await readFile(inCheckout(file)));
  return hash.digest('hex');
}

function hostArchitecture(): Architecture {
  return process.arch === 'arm64' ? 'aarch64' : 'amd64';
}

function stagingFolder(build: Build, name: string): string {
  return join(build.folder, 'staging', name);
}
