import { FescueError, messageOf, type ErrorKind } from '../common/errors.ts';
import type { TensorSpec } from '../common/tensor.ts';
import type { ArenaNote } from './arena.ts';
import type { ExecutionProvider, MissingProvider } from './execution-providers.ts';
import type { SignaturePolicy, Signer } from './signature.ts';

/** What a worker is told to load. */
export type LoadOrder = {
  readonly path: string;
  readonly intraOpThreads: number;
  readonly executionProviders: readonly ExecutionProvider[];
  /** Absolute path of a libonnxruntime.so; empty for the bundled one. */
  readonly onnxRuntimeLibrary: string;
  readonly allowWritableSharedMemory: boolean;
  readonly signaturePolicy: SignaturePolicy;
};

/** The tensors of a loaded model, in the model's order. */
export type ModelTensors = { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };

/** A worker's answer to its order. */
export type LoadResult = ModelTensors & {
  /** Whether requests can be joined along the first axis. */
  readonly batchable: boolean;
  /** What runs the model, and what was asked for and does not. */
  readonly provider: ExecutionProvider;
  readonly missingProviders: readonly MissingProvider[];
  /** Of the package, or that of a bare file. */
  readonly name: string;
  /** Of the package; empty for a bare file. */
  readonly version: string;
  /** SHA-256 of the ONNX file, as the package's manifest has it; a bare file has none. */
  readonly digest?: string;
  /** Of captures of the model that say nothing of theirs, 0 to 9. */
  readonly capturePriority: number;
  /** Who signed the package, if its signature was looked at. */
  readonly signer?: Signer;
};

/** A FescueError on its way from the worker to the agent. */
export type Failure = { readonly kind: ErrorKind; readonly message: string };

export function encodeJson(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

export function decodeJson<Value extends object>(payload: Buffer): Value {
  return JSON.parse(payload.toString('utf8')) as Value;
}

export function failureOf(error: unknown): Failure {
  return { kind: error instanceof FescueError ? error.kind : 'internal', message: messageOf(error) };
}

export function encodeCount(count: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32LE(count, 0);
  return payload;
}

export function decodeCount(payload: Buffer): number {
  return payload.readUInt32LE(0);
}

export function encodeNote(note: ArenaNote): Buffer {
  const payload = Buffer.allocUnsafe(12);
  payload.writeUInt32LE(note.segmentId, 0);
  payload.writeUInt32LE(note.offset, 4);
  payload.writeUInt32LE(note.length, 8);
  return payload;
}

export function decodeNote(payload: Buffer): ArenaNote {
  return { segmentId: payload.readUInt32LE(0), offset: payload.readUInt32LE(4), length: payload.readUInt32LE(8) };
}
