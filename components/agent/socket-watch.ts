import { lstat } from 'node:fs/promises';
import { hasCode } from '../common/errors.ts';

const everyMs = 5_000;

type FileId = { readonly dev: number; readonly ino: number };

/**
 * Watches that the file of a bound socket stays in its place: whoever removes or replaces it leaves a server behind that
 * nobody can reach. A look now and then costs less than being told of every change in /tmp.
 */
export class SocketWatch {
  readonly #path: string;
  readonly #everyMs: number;
  readonly #lost = Promise.withResolvers<string>();
  #timer: NodeJS.Timeout | undefined;
  #bound: FileId | undefined;

  constructor(options: { path: string; everyMs?: number }) {
    this.#path = options.path;
    this.#everyMs = options.everyMs ?? everyMs;
  }

  /** Resolves with what became of the file when it is no longer the one that was bound. */
  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  /** To be called when the socket is bound. */
  async start(): Promise<void> {
    this.#bound = await lstat(this.#path);
    this.#timer = setInterval(() => void this.#look(), this.#everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks now. The number of a file is not given again while its socket is bound. @returns whether it is in its place */
  async isInPlace(): Promise<boolean> {
    return (await this.#change()) === undefined;
  }

  async #look(): Promise<void> {
    const change = await this.#change();
    if (change === undefined) return;
    this.stop();
    this.#lost.resolve(change);
  }

  async #change(): Promise<string | undefined> {
    try {
      const { dev, ino } = await lstat(this.#path);
      return dev === this.#bound?.dev && ino === this.#bound.ino ? undefined : 'another file is in its place';
    } catch (error) {
      // Anything else says nothing about the file.
      return hasCode(error, 'ENOENT', 'ENOTDIR') ? 'it was removed' : undefined;
    }
  }
}
