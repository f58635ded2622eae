import { chmod, cp, mkdir, rm } from 'node:fs/promises';
import { createWriteStream, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';

/** A file or folder of an archive: its path there, and where it is now. */
export type ArchiveEntry = { readonly name: string; readonly from: string; readonly executable?: boolean };

/**
 * Writes a `.tar.gz` that depends on nothing but the entries' names and bytes: sorted, without owners and times.
 *
 * @param staging a folder that is emptied and used for the copy
 */
export async function writeArchive(archive: string, entries: readonly ArchiveEntry[], staging: string): Promise<void> {
  await rm(staging, { recursive: true, force: true });
  for (const entry of entries) {
    const target = join(staging, entry.name);
    await mkdir(dirname(target), { recursive: true });
    await cp(entry.from, target, { recursive: true, dereference: true });
    if (entry.executable === true) await chmod(target, 0o755);
  }
  await mkdir(dirname(archive), { recursive: true });
  const names = readdirSync(staging, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(staging.length + 1))
    .sort();
  // Node's own stream writes on where the system wrote only a part; that of the library does not.
  await pipeline(create({ cwd: staging, gzip: { level: 6 }, portable: true, mtime: new Date(0), noDirRecurse: true }, names), createWriteStream(archive));
  await rm(staging, { recursive: true, force: true });
}
