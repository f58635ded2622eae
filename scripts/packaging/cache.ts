import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../components/common/errors.ts';
import { inCheckout } from './paths.ts';

/** What takes long to make or to fetch, kept for the next build. */
export const cacheFolder = inCheckout('build/cache');

const unusedAfterMs = 7 * 86_400_000;

/**
 * The path of a file or folder of the cache, made if it is not there. It is complete under its name from the first
 * moment, and stays for days after its last use: other builds may be looking for it, or reading it.
 *
 * @param name has to change with everything it is made from
 * @param make puts it where it is told; a folder beside that path is removed afterwards
 */
export async function cached(name: string, make: (target: string, staging: string) => Promise<void>, folder = cacheFolder): Promise<string> {
  const kept = join(folder, name);
  if (!existsSync(kept)) {
    await mkdir(folder, { recursive: true });
    const staging = await mkdtemp(join(folder, '.staging-'));
    try {
      await make(join(staging, name), join(staging, 'copy'));
      await rename(join(staging, name), kept).catch(unlessThere);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
    await removeUnused(folder);
  }
  await utimes(kept, new Date(), new Date());
  return kept;
}

/** Another build was quicker. */
function unlessThere(error: unknown): void {
  if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
}

/** Removes what nobody has touched for days, and nobody can be working on any more. @param start of the names it is about */
export async function removeUnused(folder: string, start = ''): Promise<void> {
  for (const name of (await readdir(folder)).filter((one) => one.startsWith(start))) {
    const used = await stat(join(folder, name)).catch(() => undefined);
    if (used !== undefined && Date.now() - used.mtimeMs > unusedAfterMs) await rm(join(folder, name), { recursive: true, force: true });
  }
}
