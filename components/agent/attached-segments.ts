import { attachSegment, segmentStatus } from '../common/shared-memory.ts';
import type { ArenaNote } from './arena.ts';

/** The agent's own segments in a worker. They stay attached until the process ends. */
export class AttachedSegments {
  readonly #attached = new Map<number, Buffer>();

  /** The bytes a note points to. */
  view({ segmentId, offset, length }: ArenaNote): Buffer {
    const bytes = this.#attached.get(segmentId) ?? this.#attach(segmentId);
    return bytes.subarray(offset, offset + length);
  }

  #attach(segmentId: number): Buffer {
    const { memory } = attachSegment(segmentId, segmentStatus(segmentId).bytes, 'read');
    const bytes = Buffer.from(memory);
    this.#attached.set(segmentId, bytes);
    return bytes;
  }
}
