import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { attachSegment, createSegment, detachSegment, removeSegment, setSegmentMode } from '../../components/common/shared-memory.ts';

/** The System V segments of this machine that a process created or has attached, by id. */
export function segmentsOf(creatorPid: number): number[] {
  const [, ...rows] = readFileSync('/proc/sysvipc/shm', 'utf8').trimEnd().split('\n');
  // key shmid perms size cpid lpid nattch …
  return rows.map((row) => row.trim().split(/\s+/).map(Number)).filter((columns) => columns[4] === creatorPid).map((columns) => columns[1] ?? -1);
}

/** A segment with content, of the given mode; removed when the test ends. */
export function useSegment(bytes: Uint8Array, mode = 0o400): number {
  const id = createSegment(bytes.length, 0o600);
  const attachment = attachSegment(id, bytes.length, 'read-write');
  new Uint8Array(attachment.memory).set(bytes);
  detachSegment(attachment);
  setSegmentMode(id, mode);
  onTestFinished(() => {
    try {
      removeSegment(id);
    } catch {
      // The test has removed it.
    }
  });
  return id;
}
