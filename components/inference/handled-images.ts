import { stat } from 'node:fs/promises';
import { hasCode } from '../common/errors.ts';

/** The image files that have had their turn, as they were then; kept while the process lives. */
export class HandledImages {
  readonly #stamps = new Map<string, string>();

  /** Notes a file, by the stamp it had before its turn. */
  add(path: string, stamp: string): void {
    this.#stamps.set(path, stamp);
  }

  forget(path: string): void {
    this.#stamps.delete(path);
  }

  /** Whether the file has had its turn and is the same since. */
  async has(path: string): Promise<boolean> {
    const before = this.#stamps.get(path);
    return before !== undefined && before === (await stampOf(path));
  }
}

/** A text that changes whenever the file does; empty when there is none. */
export async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return '';
    throw error;
  }
}
