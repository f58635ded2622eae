import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isNoRoom } from '../../common/disk-room.ts';
import { appendDurably, syncFolder } from './segment-files.ts';

export type Outcome = 'SUCCESS' | 'FAILURE';

/** What a journal tells. */
export type JournalEvent =
  /** Sequence numbers up to this one were given out. */
  | { readonly kind: 'issued'; readonly sequence: number }
  /** These captures are delivered together, under this name, whatever happens. */
  | { readonly kind: 'planned'; readonly batch: string; readonly sequences: readonly number[] }
  /** These came to an end. The sequence number 0 stands for one that is of no use any more. */
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly captures: readonly (readonly [sequence: number, id: string])[] };

/** Where a spool notes what must outlive the process; a spool in memory has none. */
export type Journal = { append(event: JournalEvent): void; readonly isLong: boolean; replace(events: readonly JournalEvent[]): void; close(): void };

/** Given up when the disk is full, so that there is room to note what makes more. */
const reserveBytes = 256 * 1024;
/** A journal that grew by so much is written anew. */
const growthBytes = 4 * 1024 * 1024;
/** After so many notes it is looked whether there is room for a reserve that was given up. */
const notesPerLook = 64;

/** Notes on the disk, one line each with a checksum; what was appended is safe when `append` returns. */
export class OutcomeJournal implements Journal {
  readonly #path: string;
  readonly #reserve: string;
  #file: number;
  #bytes: number;
  #compactAt: number;
  #notes = 0;

  constructor(folder: string) {
    this.#path = join(folder, 'outcomes.log');
    this.#reserve = join(folder, 'reserve');
    this.#file = openSync(this.#path, 'a+', 0o600);
    this.#bytes = fstatSync(this.#file).size;
    this.#compactAt = this.#bytes + growthBytes;
    this.#keepReserve();
  }

  /** @returns the events in their order, and how many lines cannot be read; one that was cut off by the end of a process is not counted */
  read(): { readonly events: readonly JournalEvent[]; readonly damagedLines: number } {
    const bytes = readFileSync(this.#path);
    const end = bytes.lastIndexOf('\n') + 1;
    const lines = bytes.toString('utf8', 0, end).split('\n');
    const events = lines.map(parseLine);
    // Whatever comes next begins a line of its own. Cutting off works on a full disk, too.
    if (end < bytes.length) ftruncateSync(this.#file, end);
    this.#bytes = end;
    return { events: events.filter((event) => event !== undefined), damagedLines: lines.filter((line, index) => line !== '' && events[index] === undefined).length };
  }

  /** @throws system errors when the disk takes nothing */
  append(event: JournalEvent): void {
    const line = formatLine(event);
    try {
      this.#write(line);
    } catch (error) {
      if (!isNoRoom(error) || !existsSync(this.#reserve)) throw error;
      rmSync(this.#reserve);
      this.#write(line);
      return;
    }
    this.#notes += 1;
    if (this.#notes % notesPerLook === 0) this.#keepReserve();
  }

  /** Whether it is time to replace what was appended by what still counts. */
  get isLong(): boolean {
    return this.#bytes > this.#compactAt;
  }

  /** Replaces everything by these events. A full disk leaves it as it was. */
  replace(events: readonly JournalEvent[]): void {
    const text = events.map(formatLine).join('');
    this.#compactAt = text.length + growthBytes;
    const draft = `${this.#path}.new`;
    let file: number | undefined;
    try {
      rmSync(draft, { force: true });
      file = openSync(draft, 'a+', 0o600);
      writeFileSync(file, text);
      fsyncSync(file);
      renameSync(draft, this.#path);
    } catch (error) {
      if (file !== undefined) closeSync(file);
      rmSync(draft, { force: true });
      this.#compactAt = this.#bytes + growthBytes;
      if (isNoRoom(error)) return;
      throw error;
    }
    // From here on the old file has no name, and a note in it would be lost.
    closeSync(this.#file);
    this.#file = file;
    this.#bytes = fstatSync(file).size;
    syncFolder(dirname(this.#path));
    this.#keepReserve();
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(text: string): void {
    this.#bytes += appendDurably(this.#file, [Buffer.from(text)], this.#bytes);
  }

  #keepReserve(): void {
    if (existsSync(this.#reserve)) return;
    try {
      writeFileSync(this.#reserve, Buffer.alloc(reserveBytes, 1), { mode: 0o600 });
      const file = openSync(this.#reserve, 'r');
      fsyncSync(file);
      closeSync(file);
    } catch (error) {
      rmSync(this.#reserve, { force: true });
      if (!isNoRoom(error)) throw error;
    }
  }
}

function formatLine(event: JournalEvent): string {
  const text = JSON.stringify(event);
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

function parseLine(line: string): JournalEvent | undefined {
  const text = line.slice(9);
  return line !== '' && line.slice(0, 8) === crc32(text).toString(16).padStart(8, '0') ? (JSON.parse(text) as JournalEvent) : undefined;
}
