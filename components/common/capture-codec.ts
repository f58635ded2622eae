/**
 * CaptureDataRequest by hand, for the reasons of `hot-codec.ts`: captures are as large as predictions, and the bytes of
 * their tensors are only passed on.
 */
import { isUtf8 } from 'node:buffer';
import { FescueError } from './errors.ts';
import { decodeHandle, decodeTensor, handleParts, tensorParts } from './hot-codec.ts';
import { field, join, nested, numberField, Reader, wire, type Parts } from './protobuf.ts';
import { encodings, type AuxiliaryMessage, type CaptureDataRequest, type TimestampMessage } from './wire.ts';

/** @throws FescueError `invalid-argument` when the bytes are no such message. Tensors and data are views of `message`. */
export function decodeCaptureDataRequest(message: Buffer): CaptureDataRequest {
  const request: CaptureDataRequest = { modelName: '', captureId: '', inputTensors: [], outputTensors: [], inputs: [], outputs: [] };
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(1, wire.bytes)) request.modelName = reader.bytes().toString('utf8');
    else if (reader.is(2, wire.bytes)) request.captureId = captureIdOf(reader.bytes());
    else if (reader.is(3, wire.bytes)) request.inferenceTimestamp = decodeTimestamp(reader.bytes(), request.inferenceTimestamp ?? { seconds: 0, nanos: 0 });
    else if (reader.is(4, wire.bytes)) request.inputTensors.push(decodeTensor(reader.bytes()));
    else if (reader.is(5, wire.bytes)) request.outputTensors.push(decodeTensor(reader.bytes()));
    else if (reader.is(6, wire.bytes)) request.inputs.push(decodeAuxiliary(reader.bytes()));
    else if (reader.is(7, wire.bytes)) request.outputs.push(decodeAuxiliary(reader.bytes()));
    else reader.skip();
  }
  return request;
}

/** @returns the capture id @throws FescueError `invalid-argument` when the bytes are no such message */
export function decodeGetCaptureDataStatusRequest(message: Buffer): string {
  let id = '';
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(1, wire.bytes)) id = captureIdOf(reader.bytes());
    else reader.skip();
  }
  return id;
}

/** Replacing what is no UTF-8 would make one id of two. */
function captureIdOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new FescueError('invalid-argument', 'capture_id is no UTF-8; expected a text');
}

/** The message in pieces to be written one after the other; those of tensors and data are the bytes themselves. */
export function captureDataRequestPieces(request: CaptureDataRequest): readonly Uint8Array[] {
  const { inferenceTimestamp: timestamp } = request;
  return join([
    ...textField(1, request.modelName),
    ...textField(2, request.captureId),
    ...(timestamp === undefined ? [] : [nested(3, join([...numberUnlessZero(1, timestamp.seconds), ...numberUnlessZero(2, timestamp.nanos)]))]),
    ...request.inputTensors.map((tensor) => nested(4, tensorParts(tensor))),
    ...request.outputTensors.map((tensor) => nested(5, tensorParts(tensor))),
    ...request.inputs.map((data) => nested(6, auxiliaryParts(data))),
    ...request.outputs.map((data) => nested(7, auxiliaryParts(data))),
  ]).parts;
}

/** Seconds before 1970 come out above 2^63, as every number does that 64 bits take for a negative one. */
function decodeTimestamp(message: Buffer, timestamp: TimestampMessage): TimestampMessage {
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(1, wire.varint)) timestamp.seconds = reader.varint();
    else if (reader.is(2, wire.varint)) timestamp.nanos = reader.int32();
    else reader.skip();
  }
  return timestamp;
}

function decodeAuxiliary(message: Buffer): AuxiliaryMessage {
  const data: AuxiliaryMessage = { name: '', encoding: 'CSV' };
  const reader = new Reader(message);
  while (reader.nextField()) {
    if (reader.is(1, wire.bytes)) data.name = reader.bytes().toString('utf8');
    else if (reader.is(2, wire.varint)) data.encoding = encodingOf(reader.int32());
    else if (reader.is(3, wire.bytes)) {
      data.byteData = reader.bytes();
      delete data.sharedMemoryHandle;
    } else if (reader.is(4, wire.bytes)) {
      data.sharedMemoryHandle = decodeHandle(reader.bytes(), data.sharedMemoryHandle ?? { size: 0, offset: 0, segmentId: 0 });
      delete data.byteData;
    } else reader.skip();
  }
  return data;
}

function encodingOf(number: number): AuxiliaryMessage['encoding'] {
  return encodings[number] ?? number;
}

function auxiliaryParts({ name, encoding, byteData, sharedMemoryHandle }: AuxiliaryMessage): Parts {
  return join([
    ...textField(1, name),
    ...numberUnlessZero(2, typeof encoding === 'number' ? encoding : encodings.indexOf(encoding)),
    ...(byteData === undefined ? [] : [field(3, byteData)]),
    ...(byteData === undefined && sharedMemoryHandle !== undefined ? [nested(4, handleParts(sharedMemoryHandle))] : []),
  ]);
}

function textField(number: number, text: string): Parts[] {
  return text === '' ? [] : [field(number, Buffer.from(text))];
}

function numberUnlessZero(number: number, value: number): Parts[] {
  return value === 0 ? [] : [numberField(number, value)];
}
