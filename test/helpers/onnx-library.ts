import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { inCheckout } from '../../scripts/packaging/paths.ts';

/** Where onnxruntime-node has its native files for this machine. */
export const bundledLibraries = inCheckout('node_modules/onnxruntime-node/bin/napi-v6/linux', process.arch);

/** Copies the bundled library, with other bytes in some places, into a folder of its own. */
export async function copyLibrary(folder: string, change?: (bytes: Buffer) => Buffer): Promise<string> {
  const own = join(folder, 'own');
  await mkdir(own, { recursive: true });
  const path = join(own, 'libonnxruntime.so.1');
  const bundled = join(bundledLibraries, 'libonnxruntime.so.1');
  if (change === undefined) await copyFile(bundled, path);
  else await writeFile(path, change(await readFile(bundled)));
  return path;
}

/** Writes a text over another of the same length, everywhere. */
export function overwrite(bytes: Buffer, old: string, text: string): Buffer {
  for (let at = bytes.indexOf(old); at >= 0; at = bytes.indexOf(old, at + 1)) bytes.write(text, at, 'latin1');
  return bytes;
}

/** The files of ONNX Runtime that a process has mapped. */
export function mappedLibraries(pid: number): string[] {
  const paths = readFileSync(`/proc/${pid}/maps`, 'utf8').match(/\/\S*onnxruntime\S*$/gm) ?? [];
  return [...new Set(paths)].toSorted();
}
