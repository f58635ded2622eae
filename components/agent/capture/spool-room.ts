import { FescueError } from '../../common/errors.ts';

/** What a spool holds, and what it may hold. */
export type SpoolRoom = {
  readonly captures: number;
  readonly mostCaptures: number;
  readonly usedBytes: number;
  readonly budgetBytes: number;
  /** On the disk, and what has to be left of it. */
  readonly freeBytes: number;
  readonly freeFloorBytes: number;
};

/** Why a capture of so many bytes is not stored. */
export function noRoomFor(bytes: number, { captures, mostCaptures, usedBytes, budgetBytes, freeBytes, freeFloorBytes }: SpoolRoom): FescueError {
  if (captures >= mostCaptures) return new FescueError('resource-exhausted', `${captures} captures wait for their delivery, and no more fit into the buffer (CaptureDataBufferSize). Send fewer, or keep them on the disk (DbEnable).`);
  const remedy = 'Let what waits be delivered, raise CaptureSpoolMaxMegabytes or lower CaptureFreeDiskMegabytes, or give up older captures with CaptureOverflow.';
  if (usedBytes + bytes > budgetBytes) return new FescueError('resource-exhausted', `The capture takes ${bytes} bytes, and ${Math.max(0, budgetBytes - usedBytes)} of ${budgetBytes} are left for captures that wait. ${remedy}`);
  return new FescueError('resource-exhausted', `The capture takes ${bytes} bytes, and the disk has ${freeBytes} left, of which ${freeFloorBytes} stay free. ${remedy}`);
}
