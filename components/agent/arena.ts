import { FescueError } from '../common/errors.ts';
import { attachSegment, createSegment, detachSegment, removeSegment, type Attachment } from '../common/shared-memory.ts';
import { tensorDataOffset } from './predict-name.ts';

/** Where the worker finds a request. */
export type ArenaNote = { readonly segmentId: number; readonly offset: number; readonly length: number };

/** Smaller messages go through the socket pair as quickly. */
const smallestMessage = 32 * 1024;
const smallestSegment = 1024 * 1024;
const tensorAlignment = 64;

/** Room for one request at a time, in shared memory that the worker reads in place. */
export class ArenaSlot {
  #segment: (Attachment & { readonly bytes: Buffer }) | undefined;
  #busy = false;
  #unusable = false;

  /**
   * Copies a message in so that its first tensor lies on a boundary the model can read it from.
   *
   * @returns undefined when the message should take the socket: it is small, the slot is taken, or there is no memory
   */
  place(message: Buffer): ArenaNote | undefined {
    if (message.length < smallestMessage || this.#busy || this.#unusable) return undefined;
    const offset = (tensorAlignment - (tensorDataOffset(message) % tensorAlignment)) % tensorAlignment;
    const segment = this.#roomFor(offset + message.length);
    if (segment === undefined) return undefined;
    message.copy(segment.bytes, offset);
    this.#busy = true;
    return { segmentId: segment.id, offset, length: message.length };
  }

  /** The worker has answered, or is gone. */
  release(): void {
    this.#busy = false;
  }

  close(): void {
    this.#busy = true;
    if (this.#segment !== undefined) detachSegment(this.#segment);
    this.#segment = undefined;
  }

  #roomFor(bytes: number): (Attachment & { readonly bytes: Buffer }) | undefined {
    if (this.#segment !== undefined && this.#segment.bytes.length >= bytes) return this.#segment;
    const size = Math.max(smallestSegment, 2 ** Math.ceil(Math.log2(bytes)));
    try {
      const id = createSegment(size, 0o600);
      const attachment = attachSegment(id, size, 'read-write');
      // From here on it goes away with the last process that has it, however that one ends.
      removeSegment(id);
      if (this.#segment !== undefined) detachSegment(this.#segment);
      this.#segment = { ...attachment, bytes: Buffer.from(attachment.memory) };
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      // A container without System V shared memory, or one at its limits: the socket does it too.
      this.#unusable = true;
      return undefined;
    }
    return this.#segment;
  }
}
