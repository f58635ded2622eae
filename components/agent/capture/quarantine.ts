import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isNoRoom } from '../../common/disk-room.ts';

const reasonsFile = 'reasons.jsonl';

/** A folder for what cannot be delivered: the bytes, and a line that says why. The oldest go when it becomes too large. */
export class Quarantine {
  readonly #folder: string;
  readonly #mostBytes: number;
  #count = 0;

  constructor(options: { readonly folder: string; readonly mostBytes: number }) {
    this.#folder = options.folder;
    this.#mostBytes = options.mostBytes;
  }

  /** How many were added since the start. */
  get count(): number {
    return this.#count;
  }

  /** @param name of the file; a full disk costs only the bytes */
  add(name: string, bytes: Buffer, reason: string): void {
    this.#count += 1;
    const at = new Date().toISOString();
    const file = `${at.replaceAll(/[:.]/g, '-')}-${name}.bin`;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      appendFileSync(join(this.#folder, reasonsFile), `${JSON.stringify({ at, file, bytes: bytes.length, reason })}\n`, { mode: 0o600 });
      this.#makeRoom(bytes.length);
      if (bytes.length <= this.#mostBytes) writeFileSync(join(this.#folder, file), bytes, { mode: 0o600 });
    } catch (error) {
      rmSync(join(this.#folder, file), { force: true });
      if (!isNoRoom(error)) throw error;
    }
  }

  #makeRoom(bytes: number): void {
    // The names begin with the time.
    const names = readdirSync(this.#folder).filter((name) => name.endsWith('.bin')).toSorted();
    const sizes = names.map((name) => statSync(join(this.#folder, name)).size);
    let used = sizes.reduce((sum, size) => sum + size, bytes);
    for (const [index, name] of names.entries()) {
      if (used <= this.#mostBytes) return;
      rmSync(join(this.#folder, name), { force: true });
      used -= sizes[index] ?? 0;
    }
  }
}
