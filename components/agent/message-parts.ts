/** A message in the chunks it arrived in: what has to be read of it is read in place, and the rest copied only once. */
export class MessageParts {
  readonly parts: readonly Buffer[];
  readonly length: number;
  /** The part that was read last, and where in the message it begins: most reads go on from there. */
  #index = 0;
  #start = 0;

  constructor(parts: readonly Buffer[]) {
    this.parts = parts;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** The byte at a position, undefined past the end. */
  at(position: number): number | undefined {
    if (position < this.#start) [this.#index, this.#start] = [0, 0];
    for (let part = this.parts[this.#index]; part !== undefined; part = this.parts[this.#index]) {
      if (position - this.#start < part.length) return part[position - this.#start];
      this.#start += part.length;
      this.#index += 1;
    }
    [this.#index, this.#start] = [0, 0];
    return undefined;
  }

  /** The bytes from `start` up to `end` as text. */
  text(start: number, end: number): string {
    const pieces: Buffer[] = [];
    let position = 0;
    for (const part of this.parts) {
      if (position >= end) break;
      pieces.push(part.subarray(Math.max(0, start - position), Math.max(0, end - position)));
      position += part.length;
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  /** The message in one piece. */
  joined(): Buffer {
    const [first] = this.parts;
    return first !== undefined && this.parts.length === 1 ? first : Buffer.concat(this.parts);
  }

  copyTo(target: Buffer, offset: number): void {
    let position = offset;
    for (const part of this.parts) position += part.copy(target, position);
  }
}
