/** More room than this is not kept for the next group of captures. */
const largestKept = 32 * 1024 * 1024;

/** Room for copies that are needed for a moment only: used again and again, it costs no new pages each time. */
export class Scratch {
  #buffer: Buffer = Buffer.alloc(0);
  #used = 0;

  /** @returns a copy that holds until `clear` is called */
  copyOf(bytes: Uint8Array): Buffer {
    // Copies made before stay in the buffer they are in.
    if (this.#used + bytes.length > this.#buffer.length) [this.#buffer, this.#used] = [Buffer.allocUnsafeSlow(Math.max(bytes.length, 2 * this.#buffer.length)), 0];
    const copy = this.#buffer.subarray(this.#used, this.#used + bytes.length);
    copy.set(bytes);
    this.#used += bytes.length;
    return copy;
  }

  clear(): void {
    this.#used = 0;
    if (this.#buffer.length > largestKept) this.#buffer = Buffer.alloc(0);
  }
}
