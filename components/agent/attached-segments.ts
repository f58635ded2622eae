import { attachSegment, detachSegment, segmentStatus, type Attachment } from '../common/shared-memory.ts';
import { largestKept, type ArenaNote } from './arena.ts';

/** The agent's own segment in one of its processes: one at a time, for the agent replaces it by a larger one. */
export class AttachedSegments {
  #attached: (Attachment & { readonly segmentId: number; readonly bytes: Buffer }) | undefined;

  /** The bytes a note points to. They are there until a note points to another segment. */
  view({ segmentId, offset, length }: ArenaNote): Buffer {
    const { bytes } = this.#attached?.segmentId === segmentId ? this.#attached : this.#replace(segmentId);
    return bytes.subarray(offset, offset + length);
  }

  /** Lets go of the room a large message took, as its `Arena` does. */
  trim(): void {
    if ((this.#attached?.bytes.length ?? 0) > largestKept) this.#detach();
  }

  #replace(segmentId: number): { readonly bytes: Buffer } {
    this.#detach();
    const attachment = attachSegment(segmentId, segmentStatus(segmentId).bytes, 'read');
    this.#attached = { ...attachment, segmentId, bytes: Buffer.from(attachment.memory) };
    return this.#attached;
  }

  #detach(): void {
    if (this.#attached !== undefined) detachSegment(this.#attached);
    this.#attached = undefined;
  }
}
