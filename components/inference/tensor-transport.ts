import type { PredictInput } from '../common/agent-client.ts';
import { FescueError, messageOf } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { SharedBuffer } from '../common/shared-buffer.ts';
import type { Tensor } from '../common/tensor.ts';

/** Hands tensors to the agent: small ones as bytes, large ones in a shared memory segment that is used again and again. */
export class TensorTransport {
  readonly #threshold: number;
  readonly #log: Logger;
  #buffer: SharedBuffer | undefined;
  #refused = false;

  /** @param options.threshold bytes from which a tensor is a large one */
  constructor(options: { threshold: number; log: Logger }) {
    this.#threshold = options.threshold;
    this.#log = options.log;
  }

  /**
   * Sends a tensor by the best way there is. When shared memory is refused, which is no fault of the tensor, it goes as
   * bytes, now and from then on.
   *
   * @param send makes the call; one at a time
   */
  async send<Result>(tensor: Tensor, send: (input: PredictInput) => Promise<Result>): Promise<Result> {
    const { bytes, ...metadata } = tensor;
    if (this.#refused || bytes.length < this.#threshold || bytes.length === 0) return send({ bytes, metadata });
    try {
      return await send({ shared: this.#place(bytes), metadata });
    } catch (error) {
      if (!(error instanceof FescueError) || !refusals.has(error.kind)) throw error;
      const result = await send({ bytes, metadata });
      this.#refused = true;
      this.close();
      this.#log.warn({ reason: messageOf(error) }, 'shared memory cannot be used with this agent; tensors go as bytes from now on');
      return result;
    }
  }

  close(): void {
    this.#buffer?.close();
    this.#buffer = undefined;
  }

  #place(bytes: Uint8Array): SharedBuffer['handle'] {
    if (this.#buffer?.handle.size !== bytes.length) {
      this.close();
      this.#buffer = new SharedBuffer(bytes.length);
    }
    this.#buffer.fill(bytes);
    return this.#buffer.handle;
  }
}

/** How an agent of another user, an agent without shared memory, or a system without room for it answers. */
const refusals: ReadonlySet<string> = new Set(['failed-precondition', 'invalid-argument', 'unimplemented', 'resource-exhausted']);
