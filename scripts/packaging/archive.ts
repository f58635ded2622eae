import { createHash } from 'node:crypto';
import { createWriteStream, readdirSync, statSync } from 'node:fs';
import { chmod, copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';
import { fileDigest } from './file-digest.ts';

/** A file or folder of an archive: its path there, and where it is now. */
export type ArchiveEntry = { readonly name: string; readonly from: string; readonly executable?: boolean };

/**
 * Writes a `.tar.gz` that depends on nothing but the entries' names and bytes and which are executable: sorted, without
 * the owners, modes and times of the files there are.
 *
 * @param staging a folder that is emptied and used for the copy
 */
export async function writeArchive(archive: string, entries: readonly ArchiveEntry[], staging: string): Promise<void> {
  await rm(staging, { recursive: true, force: true });
  const files = filesOf(entries);
  for (const file of files) {
    const target = join(staging, file.name);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(file.from, target);
    await chmod(target, file.executable === true ? 0o755 : 0o644);
  }
  await mkdir(dirname(archive), { recursive: true });
  const names = files.map(({ name }) => name);
  // Node's own stream writes on where the system wrote only a part; that of the library does not.
  await pipeline(create({ cwd: staging, gzip: { level: 6 }, portable: true, mtime: new Date(0), noDirRecurse: true }, names), createWriteStream(archive));
  await rm(staging, { recursive: true, force: true });
}

/** A hash in hex of all that `writeArchive` makes an archive from. */
export async function digestOfEntries(entries: readonly ArchiveEntry[]): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  for (const { name, from, executable } of filesOf(entries)) hash.update(JSON.stringify([name, executable === true, await fileDigest(from, buffer)]));
  return hash.digest('hex');
}

/** Every file of the entries, in the order of their names. */
export function filesOf(entries: readonly ArchiveEntry[]): ArchiveEntry[] {
  const below = (entry: ArchiveEntry): ArchiveEntry[] =>
    statSync(entry.from).isDirectory() ? readdirSync(entry.from).flatMap((name) => below({ ...entry, name: join(entry.name, name), from: join(entry.from, name) })) : [entry];
  return entries.flatMap(below).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
