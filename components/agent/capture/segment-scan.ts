import { headerBytes, magic, readDescription, readHeader, readRecord, recordLength, type CaptureDescription, type RecordHeader } from './capture-record.ts';
import { readAt } from './segment-files.ts';

/** A part of a segment's file: a record, or bytes that are none. */
export type ScannedPart =
  | { readonly kind: 'record'; readonly offset: number; readonly length: number; readonly header: RecordHeader; readonly description: CaptureDescription }
  | { readonly kind: 'damaged'; readonly offset: number; readonly length: number; readonly reason: string }
  /** The last record, which was being written when the process ended: nobody was told that it is safe. */
  | { readonly kind: 'unfinished'; readonly offset: number; readonly length: number };

const windowBytes = 64 * 1024;

/**
 * Goes through a segment from record to record. What is damaged is passed over: the next record begins where its magic
 * and checksum say so.
 *
 * @param isLast also reads the bytes of the last record, whose write may have been cut off; those of others are checked
 *   when they are read
 */
export function* scanSegment(file: number, size: number, isLast: boolean): Generator<ScannedPart> {
  const window = new Window(file);
  for (let offset = 0; offset < size; ) {
    const part = recordAt(window, offset, size) ?? damagedFrom(file, window, offset, size);
    yield isLast && part.kind === 'record' && offset + part.length === size && !isIntact(file, part) ? { kind: 'unfinished', offset, length: part.length } : part;
    offset += part.length;
  }
}

function recordAt(window: Window, offset: number, size: number): Extract<ScannedPart, { kind: 'record' }> | undefined {
  const header = readHeader(window.read(offset, headerBytes));
  if (header === undefined || offset + recordLength(header) > size) return undefined;
  const description = readDescription(window.read(offset, headerBytes + header.descriptionBytes), header);
  return description === undefined ? undefined : { kind: 'record', offset, length: recordLength(header), header, description };
}

/** The bytes up to the next record, or to the end. */
function damagedFrom(file: number, window: Window, offset: number, size: number): ScannedPart {
  const rest = readAt(file, offset, size - offset);
  for (let next = rest.indexOf(magic, 1); next !== -1; next = rest.indexOf(magic, next + 1)) {
    if (recordAt(window, offset + next, size) !== undefined) return { kind: 'damaged', offset, length: next, reason: 'the header of a record is damaged' };
  }
  const begun = readHeader(rest);
  if (rest.length < headerBytes || rest.every((byte) => byte === 0) || (begun !== undefined && recordLength(begun) > rest.length)) return { kind: 'unfinished', offset, length: rest.length };
  return { kind: 'damaged', offset, length: rest.length, reason: 'the header of a record is damaged' };
}

function isIntact(file: number, { offset, length }: { offset: number; length: number }): boolean {
  try {
    readRecord(readAt(file, offset, length));
    return true;
  } catch {
    return false;
  }
}

/** Small reads of a file that are near each other, by few large ones. */
class Window {
  readonly #file: number;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: number) {
    this.#file = file;
  }

  read(offset: number, length: number): Buffer {
    if (offset < this.#start || offset + length > this.#start + this.#bytes.length) {
      this.#start = offset;
      this.#bytes = readAt(this.#file, offset, Math.max(length, windowBytes));
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }
}
