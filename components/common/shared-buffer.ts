import { FescueError } from './errors.ts';
import { attachSegment, createSegment, detachSegment, listSegments, removeSegment, segmentStatus, setSegmentMode, type Attachment } from './shared-memory.ts';
import type { SharedMemoryHandleMessage } from './wire.ts';

const sealedMode = 0o400;
/** Behind the tensor, so that the segment can be told from those of other programs. */
const mark = Buffer.from('fescue buffer v1');

/**
 * A tensor in a shared memory segment of this process, for an agent of the same user. It is sealed from the start: the
 * mode lets nobody attach it for writing, while this process, which already has, may fill it again for every call.
 */
export class SharedBuffer {
  readonly #attachment: Attachment;
  readonly #length: number;

  /** @throws FescueError `resource-exhausted` when there is no memory for it */
  constructor(length: number) {
    const bytes = length + mark.length;
    const id = createSegment(bytes, 0o600);
    let attachment: Attachment | undefined;
    try {
      attachment = attachSegment(id, bytes, 'read-write');
      new Uint8Array(attachment.memory).set(mark, length);
      setSegmentMode(id, sealedMode);
    } catch (error) {
      removeSegment(id);
      if (attachment !== undefined) detachSegment(attachment);
      throw error;
    }
    this.#attachment = attachment;
    this.#length = length;
  }

  /** What goes into a Predict request. */
  get handle(): SharedMemoryHandleMessage {
    return { segmentId: this.#attachment.id, offset: 0, size: this.#length };
  }

  /** @param bytes as many as the buffer has; no call may be reading what is replaced */
  fill(bytes: Uint8Array): void {
    new Uint8Array(this.#attachment.memory).set(bytes);
  }

  /** Gives the memory back. Segments outlive their process: after a SIGKILL, `removeAbandonedBuffers` does it. */
  close(): void {
    removeSegment(this.#attachment.id);
    detachSegment(this.#attachment);
  }
}

/**
 * Removes the buffers of processes of this user that ended without closing them. A living process has its buffers attached
 * from before they are sealed until they are removed, so a sealed one that nobody has is nobody's.
 *
 * @returns their ids
 */
export function removeAbandonedBuffers(): number[] {
  return listSegments().filter((id) => {
    try {
      if (!isAbandoned(id)) return false;
      removeSegment(id);
      return true;
    } catch (error) {
      // It went away by itself, or is not for this process to look at.
      if (error instanceof FescueError) return false;
      throw error;
    }
  });
}

function isAbandoned(id: number): boolean {
  const { bytes, mode, ownerUid, creatorUid, attachments, removed } = segmentStatus(id);
  const uid = process.getuid?.();
  if (removed || attachments > 0 || mode !== sealedMode || ownerUid !== uid || creatorUid !== uid || bytes < mark.length) return false;
  const attachment = attachSegment(id, bytes, 'read');
  const isMarked = mark.equals(new Uint8Array(attachment.memory, bytes - mark.length));
  detachSegment(attachment);
  return isMarked;
}
