import { readFileSync } from 'node:fs';
import { attachSegment, createSegment, detachSegment, removeSegment, segmentStatus, setSegmentMode, type SegmentStatus } from '../../components/common/shared-memory.ts';

/** What our code and the kernel's table say about one segment after one step of its life. */
export type LifeStep = { readonly step: string; readonly ours: SegmentStatus | string; readonly kernels: SegmentStatus | string };

export const lifeBytes = 12_345;

/**
 * Takes a segment from its creation to its end. Steps and states do not depend on the processor, so that the same life
 * can be lived under an emulator.
 */
export function segmentLife(): LifeStep[] {
  const id = createSegment(lifeBytes, 0o640);
  const steps: LifeStep[] = [];
  const note = (step: string): void => void steps.push({ step, ours: statusOf(id), kernels: rowOf(id) });
  note('created');
  const writer = attachSegment(id, lifeBytes, 'read-write');
  new Uint8Array(writer.memory).fill(7);
  note('filled');
  setSegmentMode(id, 0o400);
  note('sealed');
  const reader = attachSegment(id, lifeBytes, 'read');
  if (new Uint8Array(reader.memory).some((byte) => byte !== 7)) throw new Error('the reader sees other bytes than were written');
  note('attached');
  detachSegment(writer);
  note('detached');
  removeSegment(id);
  note('removed');
  detachSegment(reader);
  note('gone');
  return steps;
}

function statusOf(id: number): SegmentStatus | string {
  try {
    return segmentStatus(id);
  } catch (error) {
    return error instanceof Error ? 'gone' : String(error);
  }
}

/** The row of `/proc/sysvipc/shm`: key, id, mode, size, creating and last process, attachments, uid, gid, cuid, … */
function rowOf(id: number): SegmentStatus | string {
  const rows = readFileSync('/proc/sysvipc/shm', 'utf8').trimEnd().split('\n').map((row) => row.trim().split(/\s+/));
  const row = rows.find((columns) => columns[1] === String(id));
  if (row === undefined) return 'gone';
  const [mode, bytes, attachments, ownerUid, creatorUid] = [Number.parseInt(row[2] ?? '', 8), ...[3, 6, 7, 9].map((column) => Number(row[column]))] as [number, number, number, number, number];
  return { bytes, mode: mode & 0o777, ownerUid, creatorUid, attachments, removed: (mode & 0o1000) !== 0 };
}
