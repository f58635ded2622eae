import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { hasCode } from '../../components/common/errors.ts';

/** Every file below a capture folder, by key; none while there is no folder, and without those that go meanwhile. */
export async function capturedFiles(folder: string): Promise<Map<string, Buffer>> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true }).catch(unlessMissing)) ?? [];
  const files = new Map<string, Buffer>();
  for (const entry of entries.filter((one) => !one.isDirectory())) {
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path).catch(unlessMissing);
    if (content !== undefined) files.set(relative(folder, path), content);
  }
  return files;
}

function unlessMissing(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT')) throw error;
}
