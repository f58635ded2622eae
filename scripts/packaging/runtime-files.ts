import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FescueError } from '../../components/common/errors.ts';
import { filesOf, type ArchiveEntry } from './archive.ts';
import { inCheckout } from './paths.ts';
import { readLockFile, registryPackages } from './registry-packages.ts';

export type Processor = 'x64' | 'arm64';

/** Which files of a package a device needs; `{arch}` is `x64` or `arm64`. Licences stay, or the README that has them. */
const packageFiles: Readonly<Record<string, readonly string[]>> = {
  'onnxruntime-node': ['package.json', 'README.md', 'dist', 'bin/napi-v6/linux/{arch}'],
  'onnxruntime-common': ['package.json', 'README.md', 'dist/cjs'],
  sharp: ['package.json', 'LICENSE', 'dist'],
  '@img/sharp-linux-{arch}': ['package.json', 'LICENSE', 'index.cjs', 'lib'],
  '@img/sharp-libvips-linux-{arch}': ['package.json', 'versions.json', 'README.md', 'lib'],
  '@img/colour': ['package.json', 'LICENSE.md', 'index.cjs', 'color.cjs'],
  'detect-libc': ['package.json', 'LICENSE', 'lib'],
  semver: ['package.json', 'LICENSE', 'index.js', 'classes', 'functions', 'internal', 'ranges'],
  koffi: ['package.json', 'LICENSE.txt', 'index.cjs', 'src/koffi/index.cjs', 'src/koffi/src/static.cjs'],
  '@koromix/koffi-linux-{arch}': ['package.json', 'README.md', 'index.js', 'linux_{arch}'],
  'aws-crt': ['package.json', 'LICENSE', 'NOTICE', 'dist/index.js', 'dist/common', 'dist/native', 'dist/bin/linux-{arch}-glibc'],
};

/** Types, headers, maps, and modules for `import`: the bundles use `require`. */
const needless = /\.(?:d\.[cm]?ts|h|map|mjs)$/;

/**
 * The content of the runtime component for a processor: Node and the native libraries, pruned. What this machine has not
 * installed, because it is of the other kind, comes from the npm registry.
 *
 * @throws FescueError `unavailable` when the registry cannot be reached, `failed-precondition` when a file is missing
 */
export async function runtimeFiles(processor: Processor, progress: (text: string) => void): Promise<ArchiveEntry[]> {
  const named = (template: string): string => template.replaceAll('{arch}', processor);
  const node = named('node-linux-{arch}');
  const folderOf = await packageFolders([node, ...Object.keys(packageFiles).filter((name) => name.includes('{arch}')).map(named)], processor, progress);
  const libraries = Object.entries(packageFiles).flatMap(([template, files]) => filesOfPackage(named(template), folderOf(named(template)), files.map(named)));
  return [{ name: 'bin/node', from: join(folderOf(node), 'bin/node'), executable: true }, { name: 'bin/LICENSE', from: join(folderOf(node), 'LICENSE') }, ...libraries];
}

/** Where each package is: in this checkout, or, of those for a processor, fetched. */
async function packageFolders(native: readonly string[], processor: Processor, progress: (text: string) => void): Promise<(name: string) => string> {
  const installed = (name: string): string => inCheckout('node_modules', name);
  const missing = native.filter((name) => !existsSync(join(installed(name), 'package.json')));
  if (missing.length === 0) return installed;
  const fetched = await registryPackages({ names: missing, cpu: processor, lock: readLockFile(), progress });
  return (name) => (missing.includes(name) ? join(fetched, name) : installed(name));
}

function filesOfPackage(name: string, folder: string, files: readonly string[]): ArchiveEntry[] {
  const missing = files.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) throw new FescueError('failed-precondition', `The runtime needs ${missing.join(', ')} of ${name}, which ${folder} does not have. Run npm ci; after a change of the package, name its files in scripts/packaging/runtime-files.ts.`);
  return filesOf(files.map((file) => ({ name: join('node_modules', name, file), from: join(folder, file) }))).filter((file) => !needless.test(file.name));
}
