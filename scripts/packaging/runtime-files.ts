import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FescueError } from '../../components/common/errors.ts';
import type { ArchiveEntry } from './archive.ts';
import { inCheckout } from './paths.ts';

/** Which files of a package a device needs; `{arch}` is `x64` or `arm64`. */
const packageFiles: Readonly<Record<string, readonly string[]>> = {
  'onnxruntime-node': ['package.json', 'dist', 'bin/napi-v6/linux/{arch}'],
  'onnxruntime-common': ['package.json', 'dist/cjs'],
  sharp: ['package.json', 'LICENSE', 'dist', 'lib'],
  '@img/sharp-linux-{arch}': ['package.json', 'LICENSE', 'index.cjs', 'lib'],
  '@img/sharp-libvips-linux-{arch}': ['package.json', 'versions.json', 'README.md', 'lib'],
  '@img/colour': ['.'],
  'detect-libc': ['package.json', 'LICENSE', 'lib'],
  semver: ['.'],
  koffi: ['package.json', 'LICENSE.txt', 'index.cjs', 'src/koffi/index.cjs', 'src/koffi/src/static.cjs'],
  '@koromix/koffi-linux-{arch}': ['package.json', 'index.js', 'linux_{arch}'],
  'aws-crt': ['package.json', 'LICENSE', 'NOTICE', 'dist/index.js', 'dist/common', 'dist/native', 'dist/bin/linux-{arch}-glibc'],
};

/**
 * The content of the runtime component for this machine's architecture: Node and the native libraries, pruned.
 *
 * @throws FescueError `failed-precondition` when a package is not installed
 */
export function runtimeFiles(arch: 'x64' | 'arm64'): ArchiveEntry[] {
  const node: ArchiveEntry = { name: 'bin/node', from: inCheckout(`node_modules/node-linux-${arch}/bin/node`), executable: true };
  const licence: ArchiveEntry = { name: 'bin/LICENSE', from: inCheckout(`node_modules/node-linux-${arch}/LICENSE`) };
  const libraries = Object.entries(packageFiles).flatMap(([template, files]) => {
    const folder = `node_modules/${template.replace('{arch}', arch)}`;
    return presentFiles(folder, files.map((file) => file.replace('{arch}', arch)));
  });
  return [node, licence, ...libraries];
}

function presentFiles(folder: string, files: readonly string[]): ArchiveEntry[] {
  if (!existsSync(inCheckout(folder, 'package.json'))) {
    throw new FescueError('failed-precondition', `The runtime needs ${folder}, which is not installed. Run npm ci on a linux machine of that architecture.`);
  }
  const names = files.includes('.') ? readdirSync(inCheckout(folder)) : files;
  return names.filter((name) => existsSync(inCheckout(folder, name))).map((name) => ({ name: join(folder, name), from: inCheckout(folder, name) }));
}
