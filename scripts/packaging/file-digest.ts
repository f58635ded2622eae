import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/**
 * The SHA-256 of a file, in hex.
 *
 * @param buffer to read into; of many files, one for all leaves nothing to collect
 */
export async function fileDigest(path: string, buffer = Buffer.allocUnsafe(1024 * 1024)): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
