import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeArchive, type ArchiveEntry } from './archive.ts';
import { bundleProgram } from './bundles.ts';
import { inCheckout } from './paths.ts';
import { architectures, componentNames, components, recipeText, runtimeArchive, sampleModelFolder, type Architecture, type Component } from './recipes.ts';
import { runtimeFiles } from './runtime-files.ts';

export type BuildResult = {
  readonly recipeDir: string;
  readonly artifactDir: string;
  /** Every component with its version. */
  readonly components: Record<string, string>;
};

const buildFolder = inCheckout('build');

/**
 * Bundles the components and lays recipes and artifacts out as greengrass-cli takes them. The runtime's archive, which
 * takes ten seconds to compress, is kept as long as the lock file is the same.
 *
 * @param options.onProgress told what is being made
 */
export async function buildComponents(options: { onProgress?: (text: string) => void } = {}): Promise<BuildResult> {
  const progress = options.onProgress ?? (() => undefined);
  const result = { recipeDir: join(buildFolder, 'recipes'), artifactDir: join(buildFolder, 'artifacts') };
  const all = components();
  await rm(result.recipeDir, { recursive: true, force: true });
  await mkdir(result.recipeDir, { recursive: true });
  for (const component of all) {
    await writeFile(join(result.recipeDir, `${component.name}-${component.version}.yaml`), recipeText(component));
    const folder = join(result.artifactDir, component.name, component.version);
    await mkdir(folder, { recursive: true });
    await copyFile(inCheckout('components/common/install.sh'), join(folder, 'install.sh'));
    await buildArchive(component, folder, progress);
  }
  return { ...result, components: Object.fromEntries(all.map(({ name, version }) => [name, version])) };
}

async function buildArchive(component: Component, folder: string, progress: (text: string) => void): Promise<void> {
  if (component.name === componentNames.runtime) return buildRuntime(folder, progress);
  progress(`Bundling ${component.name} ${component.version}`);
  await writeArchive(join(folder, component.archive), await entriesOf(component.name), stagingFolder(component.name));
}

async function entriesOf(name: string): Promise<ArchiveEntry[]> {
  const bundles = join(buildFolder, 'bundles');
  const bundled = (file: string): ArchiveEntry => ({ name: file, from: join(bundles, file) });
  switch (name) {
    case componentNames.agent:
      await bundleProgram('agent', bundles);
      await bundleProgram('worker', bundles);
      return [bundled('agent.cjs'), bundled('worker.cjs'), { name: 'agent.proto', from: inCheckout('proto/agent.proto') }];
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

async function buildRuntime(folder: string, progress: (text: string) => void): Promise<void> {
  const architecture = hostArchitecture();
  const archive = join(folder, runtimeArchive(architecture));
  const stamp = join(buildFolder, `${componentNames.runtime}.stamp`);
  const key = await runtimeKey(architecture);
  const stamped = existsSync(stamp) && existsSync(archive) ? await readFile(stamp, 'utf8') : '';
  if (stamped === key) return;
  progress(`Packing ${componentNames.runtime} for linux/${architecture} (once per change of the lock file)`);
  await rm(stamp, { force: true });
  await writeArchive(archive, runtimeFiles(architectures[architecture]), stagingFolder(componentNames.runtime));
  await writeFile(stamp, key);
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

function stagingFolder(component: string): string {
  return join(buildFolder, 'staging', component);
}
