import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { hasCode, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';

const record = z.object({ format: z.literal(1), starts: z.int().min(0), crashes: z.int().min(0), running: z.boolean() });
type Content = z.output<typeof record>;

/** How often the agent was started, and how often it ended in no orderly way. */
export type StartCounts = { readonly starts: number; readonly crashes: number };

/**
 * Counts the starts of the agent in a small file: it says that the agent runs, until the agent ends in an orderly way. What
 * cannot be read or written costs the counts, nothing else.
 */
export class StartRecord {
  readonly #path: string;
  readonly #log: Logger;
  #content: Content = { format: 1, starts: 0, crashes: 0, running: false };

  constructor(options: { path: string; log: Logger }) {
    this.#path = options.path;
    this.#log = options.log;
  }

  get counts(): StartCounts {
    return { starts: this.#content.starts, crashes: this.#content.crashes };
  }

  /** To be called once, at a start. */
  async begin(): Promise<void> {
    const { starts, crashes, running } = (await this.#read()) ?? this.#content;
    await this.#write({ format: 1, starts: starts + 1, crashes: crashes + (running ? 1 : 0), running: true });
  }

  /** To be called last, at an orderly end. */
  async end(): Promise<void> {
    if (this.#content.running) await this.#write({ ...this.#content, running: false });
  }

  async #read(): Promise<Content | undefined> {
    try {
      return record.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      const reason = error instanceof SyntaxError || error instanceof z.ZodError ? 'it holds something else' : messageOf(error);
      this.#log.warn({ file: this.#path, reason }, 'the counts of starts and crashes cannot be read and begin anew');
      return undefined;
    }
  }

  /** So that a reader, and the next start after a power failure, sees either the old or the new content. */
  async #write(content: Content): Promise<void> {
    this.#content = content;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      const file = await open(`${this.#path}.new`, 'w', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(content)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#log.warn({ file: this.#path, reason: messageOf(error) }, 'the counts of starts and crashes cannot be kept');
    }
  }
}
