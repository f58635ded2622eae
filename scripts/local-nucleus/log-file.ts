import { appendFileSync, renameSync, statSync } from 'node:fs';
import { hasCode } from '../../components/common/errors.ts';

const maxFileBytes = 1024 ** 2;
const maxLineLength = 16 * 1024;
const rememberedLines = 15;

export type LogSource = 'stdout' | 'stderr' | 'nucleus';
export type LogListener = (source: LogSource, text: string) => void;

/** A component's log: one line per line of output. At 1 MB the file is renamed to `<path>.1` and begun anew. */
export class LogFile {
  readonly path: string;
  readonly #onLine: LogListener | undefined;
  readonly #recent: string[] = [];
  #bytes: number | undefined;

  /**
   * @param path its folder has to exist
   * @param onLine told every line as well
   */
  constructor(path: string, onLine?: LogListener) {
    this.path = path;
    this.#onLine = onLine;
  }

  write(level: 'INFO' | 'WARN', source: LogSource, text: string): void {
    const line = `${new Date().toISOString()} ${level}  [${source}] ${text}\n`;
    this.#bytes ??= sizeOf(this.path);
    if (this.#bytes > 0 && this.#bytes + Buffer.byteLength(line) > maxFileBytes) {
      renameSync(this.path, `${this.path}.1`);
      this.#bytes = 0;
    }
    appendFileSync(this.path, line);
    this.#bytes += Buffer.byteLength(line);
    this.#recent.push(line.trimEnd());
    if (this.#recent.length > rememberedLines) this.#recent.shift();
    this.#onLine?.(source, text);
  }

  /** The latest lines written through this object, oldest first. */
  recent(): readonly string[] {
    return [...this.#recent];
  }
}

/** Cuts a stream of bytes into lines, ended by `\n` or `\r`, trimmed, without empty ones; very long ones in pieces. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split(/[\r\n]/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#emit(line);
    if (this.#rest.length > maxLineLength) this.end();
  }

  end(): void {
    this.#emit(this.#rest);
    this.#rest = '';
  }

  #emit(line: string): void {
    const text = line.trim();
    for (let start = 0; start < text.length; start += maxLineLength) this.#onLine(text.slice(start, start + maxLineLength));
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}
