import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, rmSync, statfsSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { isNoRoom } from '../../common/disk-room.ts';
import { FescueError, hasCode, messageOf } from '../../common/errors.ts';
import { readRecord, recordBytes, recordPieces, type NewCapture, type StoredCapture } from './capture-record.ts';
import type { Quarantine } from './quarantine.ts';
import type { FoundRecord, Place, RecordLog } from './record-log.ts';
import { appendDurably, readAt, syncFolder } from './segment-files.ts';
import { scanSegment, type ScannedPart } from './segment-scan.ts';

type Segment = { readonly number: number; readonly priority: number; readonly file: number; readonly path: string; bytes: number; records: number };

export type SegmentLogOptions = {
  readonly folder: string;
  readonly segmentBytes: number;
  readonly quarantine: Quarantine;
};

/** What opening found. */
export type Opened = { readonly log: SegmentLog; readonly records: readonly FoundRecord[]; readonly damagedParts: number };

/** Records in files that are only appended to, `<number>-p<priority>.log`, each group made durable by one fdatasync. */
export class SegmentLog implements RecordLog {
  readonly #options: SegmentLogOptions;
  readonly #segments = new Map<number, Segment>();
  /** The segment that is being appended to, by priority. */
  readonly #active = new Map<number, Segment>();
  #usedBytes = 0;

  private constructor(options: SegmentLogOptions) {
    this.#options = options;
  }

  /**
   * Opens the segments of a folder. Damaged parts are put aside, and the last record of a process that ended while it
   * wrote is cut off.
   *
   * @throws system errors when the folder cannot be used
   */
  static open(options: SegmentLogOptions): Opened {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const log = new SegmentLog(options);
    const names = readdirSync(options.folder).flatMap((name) => segmentName(name) ?? []).toSorted((a, b) => a.number - b.number);
    // The last of a priority is where a write may have been under way.
    const last = new Map(names.map(({ number, priority }) => [priority, number]));
    let damagedParts = 0;
    const records = names.flatMap(({ name, number, priority }) => {
      const parts = log.#openSegment(join(options.folder, name), number, priority, last.get(priority) === number);
      damagedParts += parts.filter(({ kind }) => kind === 'damaged').length;
      return parts.flatMap((part) => (part.kind === 'record' ? [{ header: part.header, description: part.description, place: { segment: number, offset: part.offset, length: part.length } }] : []));
    });
    return { log, records, damagedParts };
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  freeBytes(): number {
    const { folder } = this.#options;
    try {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
      throw new FescueError('unavailable', `The spool ${folder} is gone, and is made again. Send the capture again then; find out who removes it.`, { cause: error });
    }
  }

  append(captures: readonly NewCapture[], sequence: number): Place[] {
    const records = captures.map((capture, index) => recordPieces(capture, sequence + index));
    try {
      const segment = this.#segmentFor(captures[0]?.priority ?? 0);
      let offset = segment.bytes;
      const places = captures.map((capture) => {
        const place = { segment: segment.number, offset, length: recordBytes(capture) };
        offset += place.length;
        return place;
      });
      const written = this.#write(segment, records.flat());
      segment.bytes += written;
      segment.records += records.length;
      this.#usedBytes += written;
      return places;
    } catch (error) {
      throw storeError(error, this.#options.folder);
    }
  }

  read({ segment, offset, length }: Place): StoredCapture {
    return readRecord(this.#bytesOf(segment, offset, length));
  }

  putAside({ segment, offset, length }: Place, reason: string): void {
    this.#options.quarantine.add(`${segment}-${offset}`, this.#bytesOf(segment, offset, length), reason);
  }

  release({ segment: number }: Place): boolean {
    const segment = this.#segments.get(number);
    if (segment === undefined) return true;
    segment.records -= 1;
    if (segment.records > 0) return false;
    this.#remove(segment);
    return true;
  }

  recordsIn(segment: number): number {
    return this.#segments.get(segment)?.records ?? 0;
  }

  close(): void {
    for (const { file } of this.#segments.values()) closeSync(file);
    this.#segments.clear();
    this.#active.clear();
  }

  #openSegment(path: string, number: number, priority: number, isLast: boolean): ScannedPart[] {
    const file = openSync(path, 'r+');
    const { size } = fstatSync(file);
    const parts = [...scanSegment(file, size, isLast)];
    for (const part of parts) if (part.kind === 'damaged') this.#options.quarantine.add(`${number}-${part.offset}`, readAt(file, part.offset, part.length), part.reason);
    const records = parts.filter(({ kind }) => kind === 'record').length;
    const tail = parts.at(-1);
    const bytes = tail?.kind === 'unfinished' ? tail.offset : size;
    if (bytes < size) truncateSync(path, bytes);
    const segment = { number, priority, file, path, bytes, records };
    this.#segments.set(number, segment);
    this.#usedBytes += bytes;
    if (records === 0) this.#remove(segment);
    else if (isLast) this.#active.set(priority, segment);
    return parts;
  }

  #segmentFor(priority: number): Segment {
    const active = this.#active.get(priority);
    if (active !== undefined && active.bytes < this.#options.segmentBytes) return active;
    const number = Math.max(0, ...this.#segments.keys()) + 1;
    const path = join(this.#options.folder, `${String(number).padStart(10, '0')}-p${priority}.log`);
    const segment = { number, priority, path, file: openSync(path, 'wx+', 0o600), bytes: 0, records: 0 };
    this.#segments.set(number, segment);
    this.#active.set(priority, segment);
    try {
      syncFolder(this.#options.folder);
    } catch (error) {
      this.#remove(segment);
      throw error;
    }
    return segment;
  }

  #write(segment: Segment, pieces: readonly Uint8Array[]): number {
    try {
      return appendDurably(segment.file, pieces, segment.bytes);
    } catch (error) {
      // What a disk that failed once holds behind the last good record is uncertain: nothing more goes there.
      this.#active.delete(segment.priority);
      if (segment.records === 0) this.#remove(segment);
      throw error;
    }
  }

  #remove(segment: Segment): void {
    this.#segments.delete(segment.number);
    if (this.#active.get(segment.priority) === segment) this.#active.delete(segment.priority);
    this.#usedBytes -= segment.bytes;
    closeSync(segment.file);
    // Somebody who removed the folder has done that already.
    rmSync(segment.path, { force: true });
  }

  #bytesOf(number: number, offset: number, length: number): Buffer {
    const segment = this.#segments.get(number);
    if (segment === undefined) throw new FescueError('internal', 'it is not there any more');
    return readAt(segment.file, offset, length);
  }
}

function segmentName(name: string): { name: string; number: number; priority: number } | undefined {
  const [, number, priority] = /^(\d{10,15})-p(\d)\.log$/.exec(name) ?? [];
  return number === undefined ? undefined : { name, number: Number(number), priority: Number(priority) };
}

function storeError(error: unknown, folder: string): FescueError {
  if (isNoRoom(error)) return new FescueError('resource-exhausted', `The capture cannot be kept: there is no room below ${folder} (${error.message}). Make room, or lower CaptureSpoolMaxMegabytes.`, { cause: error });
  return new FescueError('unavailable', `The capture cannot be kept: ${folder} cannot be written (${messageOf(error)}). Check the disk and its rights.`, { cause: error });
}
