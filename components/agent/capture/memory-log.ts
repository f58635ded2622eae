import { FescueError } from '../../common/errors.ts';
import { readRecord, recordPieces, type NewCapture, type StoredCapture } from './capture-record.ts';
import type { Place, RecordLog } from './record-log.ts';

/** A log without a disk: what is in it is lost with the process. Each record is a segment of its own. */
export class MemoryLog implements RecordLog {
  readonly #records = new Map<number, Buffer>();
  #next = 1;
  #usedBytes = 0;

  get usedBytes(): number {
    return this.#usedBytes;
  }

  freeBytes(): number {
    return Infinity;
  }

  append(captures: readonly NewCapture[], sequence: number): Place[] {
    return captures.map((capture, index) => {
      const record = Buffer.concat(recordPieces(capture, sequence + index));
      const segment = this.#next;
      this.#next += 1;
      this.#records.set(segment, record);
      this.#usedBytes += record.length;
      return { segment, offset: 0, length: record.length };
    });
  }

  read({ segment }: Place): StoredCapture {
    const record = this.#records.get(segment);
    if (record === undefined) throw new FescueError('internal', 'it is not there any more');
    return readRecord(record);
  }

  /** There is nowhere to put it. */
  putAside(): void {
    return undefined;
  }

  release({ segment }: Place): boolean {
    this.#usedBytes -= this.#records.get(segment)?.length ?? 0;
    return this.#records.delete(segment);
  }

  recordsIn(segment: number): number {
    return this.#records.has(segment) ? 1 : 0;
  }

  close(): void {
    this.#records.clear();
  }
}
