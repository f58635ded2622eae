import { closeSync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync, writevSync } from 'node:fs';

/** Pieces of a record up to so many bytes are copied together: one buffer is cheaper to write than a list. */
const largestCopied = 64 * 1024;

/** Writes everything at the end of a file that has `size` bytes, and waits until it is on the disk; cut off again when that fails. */
export function appendDurably(file: number, pieces: readonly Uint8Array[], size: number): number {
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  try {
    writeFully(file, total <= largestCopied ? [Buffer.concat(pieces)] : pieces, total, size);
    fdatasyncSync(file);
    return total;
  } catch (error) {
    ftruncateSync(file, size);
    throw error;
  }
}

/** A disk that is nearly full takes a part and says no word. */
function writeFully(file: number, pieces: readonly Uint8Array[], total: number, position: number): void {
  let written = writevSync(file, pieces, position);
  if (written === total) return;
  const all = Buffer.concat(pieces);
  while (written < total) written += writeSync(file, all, written, total - written, position + written);
}

/** @returns as many of the bytes as there are */
export function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(file, bytes, filled, length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

/** Makes the names in a folder as durable as the files. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
