import { attachSegment, detachSegment, segmentStatus, type Attachment } from '../common/shared-memory.ts';
import type { ArenaNote } from './arena.ts';

/** The agent's own segment in one of its processes: one at a time, for the agent replaces it by a larger one. */
export class AttachedSegments {
  #attached: (Attachment & { readonly segmentId: number; readonly bytes: Buffer }) | undefined;

  /** The bytes a note points to. They are there until a note points to another segment. */
  view({ segmentId, offset, length }: ArenaNote): Buffer {
    const { bytes } = this.#attached?.segmentId === segmentId ? this.#attached : this.#replace(segmentId);
    return bytes.subarray(offset, offset + length);
  }

  #replace(segmentId: number): { readonly bytes: Buffer } {
    if (this.#attached !== undefined) detachSegment(this.#attached);
    this.#attached = undefined;
    const attachment = attachSegment(segmentId, segmentStatus(segmentId).bytes, 'read');
    this.#attached = { ...attachment, segmentId, bytes: Buffer.from(attachment.memory) };
    return this.#attached;
  }
}
