import type { CaptureDescription, NewCapture, RecordHeader, StoredCapture } from './capture-record.ts';

/** Where a record is. */
export type Place = { readonly segment: number; readonly offset: number; readonly length: number };

/** A record that was there when the log was opened. */
export type FoundRecord = { readonly header: RecordHeader; readonly description: CaptureDescription; readonly place: Place };

/** Records of captures. Each lies in a segment with others of its priority, and room comes back by whole segments. */
export type RecordLog = {
  /** What the segments take. */
  readonly usedBytes: number;
  /** What the disk has left for it; Infinity for memory. @throws FescueError `unavailable` when its folder is gone */
  freeBytes(): number;
  /**
   * Stores captures of one priority, the first under the sequence number `sequence`, and returns when they are as safe as
   * this log makes them.
   *
   * @throws FescueError when none of them was stored: `resource-exhausted` without room, `unavailable` on a fault of the disk
   */
  append(captures: readonly NewCapture[], sequence: number): Place[];
  /** @throws FescueError `internal` when the record is damaged */
  read(place: Place): StoredCapture;
  /** Puts the bytes of a record aside, with the reason, for somebody to look at. */
  putAside(place: Place, reason: string): void;
  /** Tells that a record is not needed any more. @returns whether its segment is gone with it */
  release(place: Place): boolean;
  /** Records of the segment that were not released. */
  recordsIn(segment: number): number;
  close(): void;
};

/** Segments are at most so large, but for a record that is larger by itself. */
export function segmentBytesFor(budgetBytes: number): number {
  return Math.max(64 * 1024, Math.min(8 * 1024 * 1024, Math.floor(budgetBytes / 16)));
}
