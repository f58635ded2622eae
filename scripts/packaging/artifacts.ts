import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfEntries, writeArchive, type ArchiveEntry } from './archive.ts';
import { agentPrograms, bundleProgram, libraryFiles, type ProgramName } from './bundles.ts';
import { cached } from './cache.ts';
import { fileDigest } from './file-digest.ts';
import { inCheckout } from './paths.ts';
import { architectures, componentNames, runtimeArchive, sampleModelFolder, type Architecture, type Component } from './recipes.ts';
import { runtimeFiles } from './runtime-files.ts';

/** A file that a component brings to a device. */
export type Artifact = { readonly file: string; readonly path: string; readonly bytes: number; /** In hex. */ readonly sha256: string };

export type ArtifactOrder = {
  /** Receives the files, flat. */
  readonly folder: string;
  /** Receives the source maps of the component's programs. */
  readonly mapFolder: string;
  readonly architectures: readonly Architecture[];
  readonly progress: (text: string) => void;
};

/** Those with a process that has to be stopped. */
const runningComponents: readonly string[] = [componentNames.agent, componentNames.inference];

/** Makes the artifacts of one of this checkout's components. The same sources give the same bytes. */
export async function makeArtifacts(component: Component, order: ArtifactOrder): Promise<void> {
  await copyInstaller(order.folder);
  if (runningComponents.includes(component.name)) await copyFile(inCheckout('components/common/stop.sh'), join(order.folder, 'stop.sh'));
  if (component.name === componentNames.runtime) {
    for (const architecture of order.architectures) await copyRuntime(architecture, order);
    return;
  }
  order.progress(`Bundling ${component.name}`);
  const staging = await mkdtemp(join(order.folder, '.staging-'));
  try {
    await writeArchive(join(order.folder, component.archive), await entriesOf(component.name, { folder: join(staging, 'bundles'), mapFolder: order.mapFolder }), join(staging, 'copy'));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Makes the folder of a component's artifacts, with the script that installs its archive. */
export async function copyInstaller(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(inCheckout('components/common/install.sh'), join(folder, 'install.sh'));
}

/** The files of a folder of artifacts, by name. */
export async function describeArtifacts(folder: string): Promise<Artifact[]> {
  const files = (await readdir(folder)).toSorted();
  return Promise.all(files.map(async (file) => {
    const path = join(folder, file);
    return { file, path, bytes: (await stat(path)).size, sha256: await fileDigest(path) };
  }));
}

async function entriesOf(name: string, bundles: { folder: string; mapFolder: string }): Promise<ArchiveEntry[]> {
  const proto = { name: 'agent.proto', from: inCheckout('proto/agent.proto') };
  const bundled = async (program: ProgramName): Promise<ArchiveEntry> => {
    await bundleProgram(program, bundles);
    return { name: `${program}.cjs`, from: join(bundles.folder, `${program}.cjs`) };
  };
  switch (name) {
    case componentNames.agent:
      return [...(await Promise.all(agentPrograms.map(bundled))), proto, ...libraryFiles];
    case componentNames.inference:
      return [await bundled('inference'), proto, { name: 'photos', from: inCheckout('components/inference/photos') }];
    default:
      return ['sagemaker_edge_manifest', 'model.onnx', 'labels.txt'].map((file) => ({ name: file, from: join(sampleModelFolder, file) }));
  }
}

/** The runtime takes seconds to compress, so its archive is kept for the next time. */
async function copyRuntime(architecture: Architecture, { folder, progress }: ArtifactOrder): Promise<void> {
  const entries = await runtimeFiles(architectures[architecture], progress);
  const kept = await cached(`runtime-${await runtimeKey(entries)}.tar.gz`, async (target, staging) => {
    progress(`Packing ${componentNames.runtime} for linux/${architecture} (once per change of what is in it)`);
    await writeArchive(target, entries, staging);
  });
  await copyFile(kept, join(folder, runtimeArchive(architecture)), constants.COPYFILE_FICLONE);
}

/** Changes with all that an archive is made from: the files, how they are written, and what compresses them. */
async function runtimeKey(entries: readonly ArchiveEntry[]): Promise<string> {
  const writer = [await fileDigest(inCheckout('scripts/packaging/archive.ts')), await fileDigest(inCheckout('node_modules/tar/package.json')), process.versions.zlib, process.arch];
  return createHash('sha256').update([await digestOfEntries(entries), ...writer].join()).digest('hex').slice(0, 32);
}
