import { attachSegment, createSegment, detachSegment, removeSegment, setSegmentMode, type Attachment } from './shared-memory.ts';
import type { SharedMemoryHandleMessage } from './wire.ts';

const sealedMode = 0o400;

/**
 * A tensor in a shared memory segment of this process, for an agent of the same user. It is sealed from the start: the
 * mode lets nobody attach it for writing, while this process, which already has, may fill it again for every call.
 */
export class SharedBuffer {
  readonly #attachment: Attachment;
  readonly #length: number;

  /** @throws FescueError `resource-exhausted` when there is no memory for it */
  constructor(length: number) {
    const id = createSegment(length, 0o600);
    let attachment: Attachment | undefined;
    try {
      attachment = attachSegment(id, length, 'read-write');
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

  /** Gives the memory back. Segments outlive their process, so this must not be forgotten. */
  close(): void {
    removeSegment(this.#attachment.id);
    detachSegment(this.#attachment);
  }
}
