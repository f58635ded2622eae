import { closeSync, createReadStream, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Unzip, UnzipInflate, type UnzipFile } from 'fflate';
import { isNoRoom } from '../../components/common/disk-room.ts';
import { FescueError, messageOf } from '../../components/common/errors.ts';

const defaultLimits = { maxEntries: 50_000, maxBytes: 4 * 1024 ** 3 };

type Extraction = { readonly folder: string; readonly mode: number; readonly limits: typeof defaultLimits; entries: number; bytes: number; open: number | undefined };

/**
 * Extracts a ZIP file, piece by piece so that its size does not matter to memory.
 *
 * @param request.folder where to; created, and expected to be empty
 * @param request.mode permission bits of every file; those in the archive are ignored, as Greengrass does
 * @throws FescueError `failed-precondition` on an entry that leads outside, a damaged archive, or too much content; the
 *   system's error when there is no room
 */
export async function unarchive(request: { zip: string; folder: string; mode: number; limits?: typeof defaultLimits }): Promise<void> {
  const extraction: Extraction = { folder: request.folder, mode: request.mode, limits: request.limits ?? defaultLimits, entries: 0, bytes: 0, open: undefined };
  const unzip = new Unzip((file) => extractEntry(file, extraction));
  unzip.register(UnzipInflate);
  await mkdir(request.folder, { recursive: true });
  try {
    for await (const chunk of createReadStream(request.zip)) unzip.push(chunk instanceof Uint8Array ? chunk : Buffer.from(chunk));
    unzip.push(new Uint8Array(), true);
    if (extraction.entries === 0) throw new Error('it has no entries');
  } catch (error) {
    if (isNoRoom(error)) throw error;
    throw new FescueError('failed-precondition', `Archive ${request.zip} cannot be extracted: ${messageOf(error)}. Build the archive again.`, { cause: error });
  } finally {
    closeEntry(extraction);
  }
}

function extractEntry(file: UnzipFile, extraction: Extraction): void {
  extraction.entries += 1;
  if (extraction.entries > extraction.limits.maxEntries) throw new Error(`it has more than ${extraction.limits.maxEntries} entries`);
  const target = join(extraction.folder, safePath(file.name));
  if (file.name.endsWith('/')) {
    mkdirSync(target, { recursive: true });
    return;
  }
  mkdirSync(dirname(target), { recursive: true });
  const descriptor = openSync(target, 'wx', extraction.mode | 0o200);
  extraction.open = descriptor;
  file.ondata = (error, data, final) => {
    if (error !== null) throw error;
    extraction.bytes += data.length;
    if (extraction.bytes > extraction.limits.maxBytes) throw new Error(`its content is larger than ${extraction.limits.maxBytes} bytes`);
    // All of it: on a disk that is nearly full, the system writes a part and says so only by its length.
    writeFileSync(descriptor, data);
    if (final) closeEntry(extraction);
  };
  file.start();
}

function closeEntry(extraction: Extraction): void {
  if (extraction.open !== undefined) closeSync(extraction.open);
  extraction.open = undefined;
}

function safePath(name: string): string {
  const parts = name.split('/');
  if (name.startsWith('/') || name.includes('\\') || name.includes('\0') || parts.includes('..')) {
    throw new Error(`its entry ${JSON.stringify(name)} would be written outside the target folder`);
  }
  return name;
}
