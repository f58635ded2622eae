import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deviceReportSchema, type DeviceReport } from '../../common/device-report.ts';
import { hasCode, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';

/** A report that waits, as its line in the file. */
export type KeptReport = { readonly line: string; readonly bytes: number };

export type BacklogOptions = {
  readonly path: string;
  readonly log: Logger;
  readonly most?: { readonly reports: number; readonly bytes: number };
};

const defaultMost = { reports: 1_000, bytes: 1024 ** 2 };
/** After so many that were taken off, the file is written again; as many may be sent twice after a crash. */
const rewriteAfter = 50;

/**
 * Reports that could not be handed over, oldest first, in memory and in a file of JSON lines. When there are too many, every
 * other one of the older half is given up: what is long ago is known more coarsely. A disk that cannot be written costs the
 * memory of a restart, nothing else.
 */
export class Backlog {
  readonly #path: string;
  readonly #log: Logger;
  readonly #most: { readonly reports: number; readonly bytes: number };
  #kept: KeptReport[] = [];
  #takenOff = 0;
  #isDiskFailing = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: BacklogOptions) {
    this.#path = options.path;
    this.#log = options.log;
    this.#most = options.most ?? defaultMost;
  }

  get size(): number {
    return this.#kept.length;
  }

  get oldest(): KeptReport | undefined {
    return this.#kept[0];
  }

  /** Reads what the process before has left; lines that are damaged are left out. */
  async load(): Promise<void> {
    const text = await this.#readFile();
    const lines = text.split('\n').filter((line) => line !== '');
    const sound = lines.filter(isReport);
    if (sound.length < lines.length) this.#log.warn({ file: this.#path, lines: lines.length - sound.length }, 'kept heartbeats are damaged and left out');
    this.#kept = [...sound.map(keptOf), ...this.#kept];
    if (this.#thin() || sound.length < lines.length) await this.#rewrite();
  }

  async add(report: DeviceReport): Promise<void> {
    const added = keptOf(JSON.stringify(report));
    this.#kept.push(added);
    // What was not written, or only in part, is still to be.
    if (this.#thin() || this.#isDiskFailing) await this.#rewrite();
    else await this.#write(async () => appendFile(this.#path, `${added.line}\n`, { mode: 0o600 }));
  }

  /** Of one that was given up meanwhile nothing is left to remove. */
  async remove(report: KeptReport): Promise<void> {
    const position = this.#kept.indexOf(report);
    if (position < 0) return;
    this.#kept.splice(position, 1);
    this.#takenOff += 1;
    if (this.#kept.length === 0 || this.#takenOff >= rewriteAfter) await this.#rewrite();
  }

  /** Makes the file what is in memory. */
  async flush(): Promise<void> {
    if (this.#takenOff > 0) await this.#rewrite();
    await this.#writing;
  }

  /** @returns whether it gave any up */
  #thin(): boolean {
    const { reports, bytes } = this.#most;
    const before = this.#kept.length;
    while (this.#kept.length > reports || (this.#kept.length > 1 && this.#bytes > bytes)) {
      const half = Math.ceil(this.#kept.length / 2);
      this.#kept = this.#kept.filter((_, index) => index >= half || index % 2 === 1);
    }
    return this.#kept.length < before;
  }

  get #bytes(): number {
    return this.#kept.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async #rewrite(): Promise<void> {
    this.#takenOff = 0;
    const lines = this.#kept.map(({ line }) => line);
    await this.#write(async () => {
      if (lines.length === 0) return rm(this.#path, { force: true });
      await writeFile(`${this.#path}.new`, `${lines.join('\n')}\n`, { mode: 0o600 });
      await rename(`${this.#path}.new`, this.#path);
    });
  }

  /** One after the other, or an older content could come last. */
  async #write(write: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      try {
        await mkdir(dirname(this.#path), { recursive: true });
        await write();
        this.#isDiskFailing = false;
      } catch (error) {
        if (!this.#isDiskFailing) this.#log.warn({ file: this.#path, reason: messageOf(error) }, 'heartbeats that wait cannot be written to the disk and are kept in memory only');
        this.#isDiskFailing = true;
      }
    });
    await this.#writing;
  }

  async #readFile(): Promise<string> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) this.#log.warn({ file: this.#path, reason: messageOf(error) }, 'heartbeats kept by the process before cannot be read');
      return '';
    }
  }
}

function keptOf(line: string): KeptReport {
  return { line, bytes: Buffer.byteLength(line) + 1 };
}

function isReport(line: string): boolean {
  try {
    return deviceReportSchema.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
}
