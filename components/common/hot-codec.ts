/**
 * PredictRequest and PredictResponse by hand. proto-loader's codec copies tensor bytes in ways that cost a major
 * garbage collection every dozen calls; this one decodes to views and encodes with one copy. Tests hold the two
 * equal, message by message.
 */
import { FescueError } from './errors.ts';
import { dataTypes, type DataType } from './tensor.ts';
import type { PredictRequest, PredictResponse, SharedMemoryHandleMessage, TensorMessage, TensorMetadataMessage } from './wire.ts';

const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** @throws FescueError `invalid-argument` when the bytes are no such message. The tensors' bytes are views of `message`. */
export function decodePredictRequest(message: Buffer): PredictRequest {
  const request: PredictRequest = { name: '', tensors: [] };
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(1, wire.bytes)) request.name = reader.bytes().toString('utf8');
    else if (reader.is(2, wire.bytes)) request.tensors.push(decodeTensor(reader.bytes()));
    else reader.skip();
  }
  return request;
}

/** @throws FescueError `invalid-argument` when the bytes are no such message. The tensors' bytes are views of `message`. */
export function decodePredictResponse(message: Buffer): PredictResponse {
  const response: PredictResponse = { tensors: [] };
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(1, wire.bytes)) response.tensors.push(decodeTensor(reader.bytes()));
    else reader.skip();
  }
  return response;
}

export function encodePredictRequest(request: PredictRequest): Buffer {
  return Buffer.concat(predictRequestPieces(request));
}

/** The message in pieces to be written one after the other; those of the tensors' bytes are the bytes themselves. */
export function predictRequestPieces(request: PredictRequest): readonly Uint8Array[] {
  const name = Buffer.from(request.name);
  return join([...(name.length > 0 ? [field(1, name)] : []), ...request.tensors.map((tensor) => nested(2, tensorParts(tensor)))]).parts;
}

export function encodePredictResponse(response: PredictResponse): Buffer {
  return Buffer.concat(join(response.tensors.map((tensor) => nested(1, tensorParts(tensor)))).parts);
}

function decodeTensor(message: Buffer): TensorMessage {
  const tensor: TensorMessage = { tensorMetadata: null };
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(1, wire.bytes)) tensor.tensorMetadata = decodeMetadata(reader.bytes(), tensor.tensorMetadata ?? { name: Buffer.alloc(0), dataType: 'UINT8', shape: [] });
    else if (reader.is(4, wire.bytes)) {
      tensor.byteData = reader.bytes();
      delete tensor.sharedMemoryHandle;
    } else if (reader.is(5, wire.bytes)) {
      tensor.sharedMemoryHandle = decodeHandle(reader.bytes(), tensor.sharedMemoryHandle ?? { size: 0, offset: 0, segmentId: 0 });
      delete tensor.byteData;
    } else reader.skip();
  }
  return tensor;
}

/** A message field that comes twice is merged, as protobuf has it. */
function decodeMetadata(message: Buffer, metadata: TensorMetadataMessage): TensorMetadataMessage {
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(1, wire.bytes)) metadata.name = reader.bytes();
    else if (reader.is(2, wire.varint)) metadata.dataType = dataTypeOf(reader.int32());
    else if (reader.is(3, wire.varint)) metadata.shape.push(reader.int32());
    else if (reader.is(3, wire.bytes)) {
      const packed = new Reader(reader.bytes());
      while (packed.more) metadata.shape.push(packed.int32());
    } else reader.skip();
  }
  return metadata;
}

function decodeHandle(message: Buffer, handle: SharedMemoryHandleMessage): SharedMemoryHandleMessage {
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(1, wire.varint)) handle.size = reader.varint();
    else if (reader.is(2, wire.varint)) handle.offset = reader.varint();
    else if (reader.is(3, wire.varint)) handle.segmentId = reader.varint();
    else reader.skip();
  }
  return handle;
}

/** A number that is none of the enum's stays a number, which no input of a model has as its type. */
function dataTypeOf(number: number): DataType {
  return dataTypes[number] ?? (number as unknown as DataType);
}

class Reader {
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
  return new FescueError('invalid-argument', `Predict: the message is no PredictRequest or PredictResponse message (${problem}).`);
}

/** A message in the making: the parts to be written one after the other, and their length. */
type Parts = { readonly parts: readonly Uint8Array[]; readonly length: number };

function tensorParts(tensor: TensorMessage): Parts {
  const fields: Parts[] = [];
  if (tensor.tensorMetadata !== undefined && tensor.tensorMetadata !== null) fields.push(nested(1, metadataParts(tensor.tensorMetadata)));
  if (tensor.byteData !== undefined) fields.push(field(4, tensor.byteData));
  else if (tensor.sharedMemoryHandle !== undefined) fields.push(nested(5, handleParts(tensor.sharedMemoryHandle)));
  return join(fields);
}

function metadataParts({ name, dataType, shape }: TensorMetadataMessage): Parts {
  const type = dataTypes.indexOf(dataType);
  return join([
    ...(name.length > 0 ? [field(1, name)] : []),
    ...(type > 0 ? [numberField(2, type)] : []),
    ...(shape.length > 0 ? [field(3, Uint8Array.from(shape.flatMap(varintBytes)))] : []),
  ]);
}

function handleParts({ size, offset, segmentId }: SharedMemoryHandleMessage): Parts {
  return join([size, offset, segmentId].flatMap((value, index) => (value === 0 ? [] : [numberField(index + 1, value)])));
}

function numberField(number: number, value: number): Parts {
  return part(Uint8Array.of((number << 3) | wire.varint, ...varintBytes(value)));
}

function field(number: number, content: Uint8Array): Parts {
  return nested(number, part(content));
}

function nested(number: number, content: Parts): Parts {
  return join([part(Uint8Array.of((number << 3) | wire.bytes, ...varintBytes(content.length))), content]);
}

function part(bytes: Uint8Array): Parts {
  return { parts: [bytes], length: bytes.length };
}

function join(list: readonly Parts[]): Parts {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const one of list) {
    parts.push(...one.parts);
    length += one.length;
  }
  return { parts, length };
}

function varintBytes(value: number): number[] {
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
