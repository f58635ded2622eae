import { FescueError } from '../common/errors.ts';
import { attachSegment, createSegment, detachSegment, removeSegment, type Attachment } from '../common/shared-memory.ts';
import type { MessageParts } from './message-parts.ts';
import { tensorDataOffset } from './model-name.ts';

/** Where the worker finds a request. */
export type ArenaNote = { readonly segmentId: number; readonly offset: number; readonly length: number };

/** Smaller messages go through the socket pair as quickly. */
const smallestMessage = 32 * 1024;
const smallestSegment = 1024 * 1024;
const tensorAlignment = 64;
/** A larger segment is not kept for what comes next, where `trim` is called. */
export const largestKept = 32 * 1024 * 1024;

type Segment = Attachment & { readonly bytes: Buffer };

/** Room for the requests of one run, in shared memory that the worker reads in place. */
export class Arena {
  readonly #alignAt: (message: MessageParts) => number;
  #segment: Segment | undefined;
  #unusable = false;

  /** @param alignAt where in a message the bytes begin that have to lie on a boundary */
  constructor(alignAt: (message: MessageParts) => number = tensorDataOffset) {
    this.#alignAt = alignAt;
  }

  /**
   * Copies messages in so that the first tensor of each lies on a boundary the model can read it from. They replace
   * those before, which the worker must have answered.
   *
   * @returns for each message undefined when it should take the socket: it is small, or there is no memory
   */
  place(messages: readonly MessageParts[]): (ArenaNote | undefined)[] {
    let end = 0;
    const places = messages.map((message) => {
      if (message.length < smallestMessage) return undefined;
      const offset = end + tensorAlignment - ((end + this.#alignAt(message)) % tensorAlignment);
      end = offset + message.length;
      return { message, offset };
    });
    const segment = end === 0 ? undefined : this.#roomFor(end);
    return places.map((place) => {
      if (place === undefined || segment === undefined) return undefined;
      place.message.copyTo(segment.bytes, place.offset);
      return { segmentId: segment.id, offset: place.offset, length: place.message.length };
    });
  }

  /** Lets go of the room a large message took, which must have been answered. */
  trim(): void {
    if ((this.#segment?.bytes.length ?? 0) > largestKept) this.#detach();
  }

  close(): void {
    this.#unusable = true;
    this.#detach();
  }

  #detach(): void {
    if (this.#segment !== undefined) detachSegment(this.#segment);
    this.#segment = undefined;
  }

  #roomFor(bytes: number): Segment | undefined {
    if (this.#unusable) return undefined;
    if (this.#segment !== undefined && this.#segment.bytes.length >= bytes) return this.#segment;
    try {
      const larger = privateSegment(Math.max(smallestSegment, 2 ** Math.ceil(Math.log2(bytes))));
      this.#detach();
      this.#segment = larger;
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      // A container without System V shared memory, or one at its limits: the socket does it too.
      this.#unusable = true;
      return undefined;
    }
    return this.#segment;
  }
}

/** A segment that goes away with the last process that has it, however that one ends. */
function privateSegment(bytes: number): Segment {
  const id = createSegment(bytes, 0o600);
  try {
    const attachment = attachSegment(id, bytes, 'read-write');
    return { ...attachment, bytes: Buffer.from(attachment.memory) };
  } finally {
    removeSegment(id);
  }
}
