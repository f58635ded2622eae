import { randomBytes } from 'node:crypto';
import { decodeCaptureDataRequest } from '../../common/capture-codec.ts';
import { priorityName } from '../../common/capture-format.ts';
import { FescueError } from '../../common/errors.ts';
import { dataTypes, describeTensor, elementBytes, elementCount } from '../../common/tensor.ts';
import { encodings, type AuxiliaryMessage, type CaptureDataRequest, type Encoding, type SharedMemoryHandleMessage, type TensorMessage, type TimestampMessage } from '../../common/wire.ts';
import type { SharedRead } from '../client-segments.ts';
import type { AuxiliaryPart, CaptureDescription, NewCapture, TensorPart } from './capture-record.ts';

/** What the agent knows of the model of a capture. */
export type CapturedModel = {
  /** Of its package; empty for a bare file. */
  readonly version: string;
  /** Of captures that say nothing of theirs. */
  readonly priority: number;
};

export type RequestContext = {
  readonly model: CapturedModel;
  readonly nowMs: number;
  /** The most bytes of tensors and data. */
  readonly mostBytes: number;
  readonly readShared: (request: SharedRead) => Uint8Array;
  /** Copies what is in shared memory, until the capture is stored. */
  readonly copyOf: (bytes: Uint8Array) => Uint8Array;
};

const longestId = 1_024;
/** Clocks are read to the millisecond and rounded by clients. */
const toleratedAheadMs = 1_000;

/**
 * Makes a capture of a CaptureDataRequest message. Its payload are views of the message, and copies of what is in shared memory.
 *
 * @throws FescueError `invalid-argument`, `out-of-range` for a moment in the future, `resource-exhausted` for one that is
 *   too large, `failed-precondition` for shared memory that may not be read
 */
export function captureOf(message: Buffer, context: RequestContext): NewCapture {
  const request = decoded(message);
  checkId(request.captureId);
  const atMs = momentOf(request.inferenceTimestamp, context.nowMs);
  const parts = new Parts(context);
  const description: CaptureDescription = {
    id: request.captureId,
    uid: randomBytes(16).toString('hex'),
    model: request.modelName,
    version: context.model.version,
    atMs,
    inputs: request.inputTensors.map((tensor, index) => parts.tensor(tensor, `input tensor ${index}`)),
    outputs: request.outputTensors.map((tensor, index) => parts.tensor(tensor, `output tensor ${index}`)),
    auxiliaryInputs: request.inputs.map((data, index) => parts.auxiliary(data, `auxiliary input ${index}`)),
    auxiliaryOutputs: request.outputs.map((data, index) => parts.auxiliary(data, `auxiliary output ${index}`)),
  };
  const priority = parts.priority ?? context.model.priority;
  return { description, descriptionText: Buffer.from(JSON.stringify(description)), payload: parts.payload, priority, acceptedMs: context.nowMs };
}

function decoded(message: Buffer): CaptureDataRequest {
  try {
    return decodeCaptureDataRequest(message);
  } catch (error) {
    if (!(error instanceof FescueError)) throw error;
    throw new FescueError(error.kind, `CaptureData: the request is no CaptureDataRequest message (${error.message}).`, { cause: error });
  }
}

function checkId(id: string): void {
  if (id === '') throw invalid('capture_id is empty; expected a text that names this capture');
  const bytes = Buffer.byteLength(id);
  if (bytes > longestId) throw invalid(`capture_id has ${bytes} bytes; expected at most ${longestId}`);
}

function momentOf(timestamp: TimestampMessage | undefined, nowMs: number): number {
  if (timestamp === undefined) return nowMs;
  const { seconds, nanos } = timestamp;
  if (seconds > Number.MAX_SAFE_INTEGER || nanos < 0 || nanos > 999_999_999) {
    throw invalid(`inference_timestamp is ${seconds > Number.MAX_SAFE_INTEGER ? 'before 1970 or out of range' : `${seconds} s and ${nanos} ns`}; expected seconds since 1970 and nanos from 0 to 999,999,999`);
  }
  const atMs = seconds * 1000 + Math.floor(nanos / 1e6);
  if (atMs <= nowMs + toleratedAheadMs) return atMs;
  throw new FescueError('out-of-range', `CaptureData: inference_timestamp is ${(atMs - nowMs) / 1000} s in the future. Check the clock of the client, or leave the timestamp out to take the agent's.`);
}

/** Checks the parts of a request and gathers their bytes. */
class Parts {
  readonly payload: Uint8Array[] = [];
  /** What the request says its capture is worth. */
  priority: number | undefined;
  readonly #context: RequestContext;
  #bytes = 0;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  tensor({ tensorMetadata: metadata, byteData, sharedMemoryHandle: handle }: TensorMessage, place: string): TensorPart {
    if (metadata === undefined || metadata === null) throw invalid(`${place} has no tensor_metadata; expected its name, data_type and shape`);
    const { dataType: dtype, shape } = metadata;
    const name = Buffer.from(metadata.name).toString('utf8');
    const subject = `${place} ("${name}")`;
    if (!dataTypes.includes(dtype)) throw invalid(`${subject} has the data_type ${String(dtype)}; expected one of ${dataTypes.join(', ')}`);
    if (shape.some((axis) => axis < 0)) throw invalid(`${subject} has the shape [${shape.join(', ')}]; expected the length of every axis`);
    const needed = elementCount(shape) * elementBytes[dtype];
    const bytes = this.#bytesOf({ subject, handle, byteData, needed });
    if (bytes.length !== needed) throw invalid(`${subject} as ${describeTensor({ dtype, shape })} takes ${needed} bytes, got ${bytes.length}`);
    this.#add(bytes, handle !== undefined);
    return { name, dtype, shape, bytes: bytes.length };
  }

  auxiliary({ name, encoding, byteData, sharedMemoryHandle: handle }: AuxiliaryMessage, place: string): AuxiliaryPart {
    const subject = `${place} ("${name}")`;
    if (!isEncoding(encoding)) throw invalid(`${subject} has the encoding ${encoding}; expected one of ${encodings.join(', ')}`);
    if (handle?.size === 0) throw invalid(`${subject} has a shared_memory_handle without a size; expected the length of the data`);
    const bytes = this.#bytesOf({ subject, handle, byteData, needed: undefined });
    this.#add(bytes, handle !== undefined);
    if (name === priorityName) this.priority ??= priorityIn(bytes);
    return { name, encoding, bytes: bytes.length };
  }

  #bytesOf({ subject, handle, byteData, needed }: { subject: string; handle: SharedMemoryHandleMessage | undefined; byteData: Uint8Array | undefined; needed: number | undefined }): Uint8Array {
    if (handle !== undefined) return this.#context.readShared({ subject: `CaptureData: ${subject}`, handle, needed, width: 1 });
    if (byteData === undefined) throw invalid(`${subject} carries no data; set byte_data or shared_memory_handle`);
    return byteData;
  }

  #add(bytes: Uint8Array, isShared: boolean): void {
    this.#bytes += bytes.length;
    const { mostBytes } = this.#context;
    if (this.#bytes > mostBytes) throw new FescueError('resource-exhausted', `CaptureData: expected at most ${mostBytes} bytes of tensors and data (MaxMessageMegabytes: ${mostBytes / 1024 / 1024}), got ${this.#bytes} or more. Capture less, or raise MaxMessageMegabytes.`);
    // A client that writes on must not get between the checksum and the bytes.
    this.payload.push(isShared ? this.#context.copyOf(bytes) : bytes);
  }
}

function isEncoding(encoding: AuxiliaryMessage['encoding']): encoding is Encoding {
  return typeof encoding === 'string';
}

function priorityIn(bytes: Uint8Array): number {
  const text = Buffer.from(bytes).toString('latin1').trim();
  if (/^[0-9]$/.test(text)) return Number(text);
  throw invalid(`"${priorityName}" is ${JSON.stringify(text.slice(0, 20))}; expected a digit from 0 to 9`);
}

function invalid(problem: string): FescueError {
  return new FescueError('invalid-argument', `CaptureData: ${problem}.`);
}
