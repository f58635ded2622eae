/**
 * PredictRequest and PredictResponse by hand. proto-loader's codec copies tensor bytes in ways that cost a major
 * garbage collection every dozen calls; this one decodes to views and encodes with one copy. Tests hold the two
 * equal, message by message.
 */
import { field, join, nested, numberField, Reader, varintBytes, wire, type Parts } from './protobuf.ts';
import { dataTypes, type DataType } from './tensor.ts';
import type { PredictRequest, PredictResponse, SharedMemoryHandleMessage, TensorMessage, TensorMetadataMessage } from './wire.ts';

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

/** @throws FescueError `invalid-argument`; the bytes are views of `message` */
export function decodeTensor(message: Buffer): TensorMessage {
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

export function decodeHandle(message: Buffer, handle: SharedMemoryHandleMessage): SharedMemoryHandleMessage {
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

export function tensorParts(tensor: TensorMessage): Parts {
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

export function handleParts({ size, offset, segmentId }: SharedMemoryHandleMessage): Parts {
  return join([size, offset, segmentId].flatMap((value, index) => (value === 0 ? [] : [numberField(index + 1, value)])));
}
