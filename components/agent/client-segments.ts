import { FescueError } from '../common/errors.ts';
import { attachSegment, detachSegment, segmentStatus, type Attachment, type SegmentStatus } from '../common/shared-memory.ts';
import { aligned } from '../common/tensor.ts';
import type { SharedMemoryHandleMessage } from '../common/wire.ts';

/** What is wanted from a segment. */
export type SharedRead = {
  /** What it is for, in messages: `Input "x"`. */
  readonly subject: string;
  readonly handle: SharedMemoryHandleMessage;
  /** Bytes the tensor takes; undefined when only the handle's size tells. */
  readonly needed: number | undefined;
  /** Bytes of an element: where a tensor may begin. */
  readonly width: number;
};

/** As many segments stay attached; a client that makes a new one for each call never gets so far. */
const mostAttached = 256;

const writeOrExecuteBits = 0o333;
const readableByAll = 0o004;

/**
 * The segments clients put their tensors in, attached read-only in a worker. Each is asked for its state on every use:
 * clients come and go, and an id may name another segment tomorrow.
 *
 * Views are only handed to a run, which is over before `sweep` detaches anything; nothing may touch one afterwards.
 */
export class ClientSegments {
  readonly #allowWritable: boolean;
  readonly #ownUid: number;
  readonly #attached = new Map<number, Attachment>();

  constructor(options: { allowWritable: boolean }) {
    this.#allowWritable = options.allowWritable;
    this.#ownUid = process.getuid?.() ?? 0;
  }

  /**
   * @returns a view of the tensor's bytes
   * @throws FescueError `invalid-argument` when there is no such segment or the tensor does not lie in it,
   * `failed-precondition` when this agent may not or will not read it
   */
  read(request: SharedRead): Uint8Array {
    try {
      return this.#read(request);
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      throw new FescueError(error.kind, `${request.subject}: ${error.message}`, { cause: error });
    }
  }

  /** Lets go of segments that their clients removed, and of the oldest when there are too many. Only between runs. */
  sweep(): void {
    for (const [id, attachment] of this.#attached) {
      if (this.#attached.size > mostAttached || isGone(id)) {
        this.#attached.delete(id);
        detachSegment(attachment);
      }
    }
  }

  #read({ handle, needed, width }: SharedRead): Uint8Array {
    const { segmentId: id, offset } = handle;
    if (![id, offset, handle.size].every(Number.isSafeInteger) || id > 0x7fff_ffff) throw invalid(`the handle (segment ${id}, offset ${offset}, size ${handle.size}) is out of range`);
    const status = segmentStatus(id);
    this.#checkAccess(id, status);
    const length = handle.size === 0 ? needed : handle.size;
    if (length === undefined) throw invalid('a handle without a size takes the tensor\'s metadata, for the model does not say how long it is');
    if (offset + length > status.bytes) throw invalid(`${length} bytes at offset ${offset} lie outside of shared memory segment ${id}, which has ${status.bytes}`);
    if (offset % width !== 0) throw invalid(`offset ${offset} in shared memory segment ${id} is no multiple of the element size, ${width}`);
    const attachment = this.#attached.get(id) ?? this.#attach(id, status);
    return aligned(new Uint8Array(attachment.memory, offset, length), width);
  }

  #checkAccess(id: number, status: SegmentStatus): void {
    if (status.removed) throw invalid(`shared memory segment ${id} was removed; create a new one`);
    if (!this.#allowWritable && (status.mode & writeOrExecuteBits) !== 0) {
      throw refused(`shared memory segment ${id} has mode ${octal(status.mode)}; expected one that nobody may write, such as 0400. Set it with IPC_SET when the tensor is written, or allow it with AllowWritableSharedMemory`);
    }
    // An agent of root may attach everything: it must not read for one user what belongs to another.
    if (status.ownerUid !== this.#ownUid && (status.mode & readableByAll) === 0) {
      throw refused(`shared memory segment ${id} belongs to user ${status.ownerUid}, and the agent runs as user ${this.#ownUid}. Run both as one user, or make the segment readable for all (0444)`);
    }
  }

  #attach(id: number, status: SegmentStatus): Attachment {
    const attachment = attachSegment(id, status.bytes, 'read');
    // Removed in between, the id could name another segment by now, of another size.
    if (segmentStatus(id).bytes !== status.bytes) {
      detachSegment(attachment);
      throw invalid(`shared memory segment ${id} was replaced while it was attached; send the call again`);
    }
    this.#attached.set(id, attachment);
    return attachment;
  }
}

function isGone(id: number): boolean {
  try {
    return segmentStatus(id).removed;
  } catch (error) {
    // What may no longer be looked at will not be read again either.
    if (error instanceof FescueError) return true;
    throw error;
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function invalid(problem: string): FescueError {
  return new FescueError('invalid-argument', `${problem}.`);
}

function refused(problem: string): FescueError {
  return new FescueError('failed-precondition', `${problem}.`);
}
