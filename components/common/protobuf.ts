/** The little of protobuf's wire format that messages need which are coded by hand. */
import { FescueError } from './errors.ts';

export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Reads the fields of a message one after the other. Bytes are views of it. @throws FescueError `invalid-argument` when it is none */
export class Reader {
  readonly #message: Buffer;
  #position = 0;
  #field = 0;
  #wireType = 0;

  constructor(message: Buffer) {
    this.#message = message;
  }

  get more(): boolean {
    return this.#position < this.#message.length;
  }

  nextField(): boolean {
    if (!this.more) return false;
    const tag = this.varint();
    this.#field = Math.floor(tag / 8);
    this.#wireType = tag % 8;
    if (this.#field === 0) throw malformed('field number 0');
    return true;
  }

  is(field: number, wireType: number): boolean {
    return this.#field === field && this.#wireType === wireType;
  }

  bytes(): Buffer {
    const length = this.varint();
    const start = this.#position;
    this.#advance(length);
    return this.#message.subarray(start, this.#position);
  }

  /** Above 2^53 the value is not exact, but still above 2^53. */
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#message[this.#position];
      if (byte === undefined) throw malformed('it ends inside a number');
      if (scale > 2 ** 63) throw malformed('a number is longer than ten bytes');
      this.#position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** A negative one comes as ten bytes, of which the lowest 32 bits count. */
  int32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#message[this.#position];
      if (byte === undefined) throw malformed('it ends inside a number');
      if (shift > 63) throw malformed('a number is longer than ten bytes');
      this.#position += 1;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  skip(): void {
    switch (this.#wireType) {
      case wire.varint:
        this.varint();
        return;
      case wire.fixed64:
        return this.#advance(8);
      case wire.bytes:
        this.bytes();
        return;
      case wire.fixed32:
        return this.#advance(4);
      default:
        throw malformed(`wire type ${this.#wireType}`);
    }
  }

  #advance(count: number): void {
    this.#position += count;
    if (this.#position > this.#message.length) throw malformed('a field runs past its end');
  }
}

function malformed(problem: string): FescueError {
  return new FescueError('invalid-argument', `The bytes are no such message (${problem}).`);
}

/** A message in the making: the parts to be written one after the other, and their length. */
export type Parts = { readonly parts: readonly Uint8Array[]; readonly length: number };

export function numberField(number: number, value: number): Parts {
  return part(Uint8Array.of((number << 3) | wire.varint, ...varintBytes(value)));
}

export function field(number: number, content: Uint8Array): Parts {
  return nested(number, part(content));
}

export function nested(number: number, content: Parts): Parts {
  return join([part(Uint8Array.of((number << 3) | wire.bytes, ...varintBytes(content.length))), content]);
}

function part(bytes: Uint8Array): Parts {
  return { parts: [bytes], length: bytes.length };
}

export function join(list: readonly Parts[]): Parts {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const one of list) {
    parts.push(...one.parts);
    length += one.length;
  }
  return { parts, length };
}

export function varintBytes(value: number): number[] {
  // A negative int32 is sign-extended to 64 bits.
  if (value < 0) return [...lowBytes(value), 0xf0 | ((value >>> 28) & 0x0f), 0xff, 0xff, 0xff, 0xff, 0x01];
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** The lower 28 bits, with more to come. */
function lowBytes(value: number): number[] {
  return [0, 7, 14, 21].map((shift) => ((value >>> shift) & 0x7f) | 0x80);
}
