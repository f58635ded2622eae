import { FescueError } from '../common/errors.ts';
import { describeTensor, elementBytes, elementCount, shapeFits, type Tensor, type TensorSpec } from '../common/tensor.ts';
import type { TensorMessage, TensorMetadataMessage } from '../common/wire.ts';
import type { SharedRead } from './client-segments.ts';

/** Reads a tensor's bytes from shared memory. */
export type ReadShared = (request: SharedRead) => Uint8Array;

/**
 * Assigns the tensors of a Predict request to the model's inputs: by name, or by position where a tensor carries no
 * name or no metadata at all, as clients of the original agent send them.
 *
 * @returns one tensor per input, in the model's order; their bytes are views of the messages or of shared memory
 * @throws FescueError `invalid-argument` naming the tensor, what was expected and what came
 */
export function matchInputs(specs: readonly TensorSpec[], messages: readonly TensorMessage[], readShared: ReadShared): Tensor[] {
  if (messages.length > specs.length) {
    throw invalid(`expected ${specs.length} input tensors (${names(specs)}), got ${messages.length}`);
  }
  const matched = new Map<TensorSpec, Tensor>();
  messages.forEach((message, position) => {
    const spec = specFor(specs, message.tensorMetadata, position);
    if (matched.has(spec)) throw invalid(`input "${spec.name}" was given twice`);
    matched.set(spec, tensorOf(spec, message, readShared));
  });
  const missing = specs.filter((spec) => !matched.has(spec));
  if (missing.length > 0) throw invalid(`missing input ${missing.map(specText).join(', ')}`);
  return specs.map((spec) => matched.get(spec)).filter((tensor) => tensor !== undefined);
}

function specFor(specs: readonly TensorSpec[], metadata: TensorMetadataMessage | null | undefined, position: number): TensorSpec {
  const name = Buffer.from(metadata?.name ?? []);
  if (name.length === 0) {
    const spec = specs[position];
    if (spec !== undefined) return spec;
  }
  // Compared as bytes: a name need not be UTF-8, and two broken ones must not become the same text.
  const spec = specs.find((candidate) => Buffer.from(candidate.name).equals(name));
  if (spec === undefined) throw invalid(`the model has no input "${name.toString('utf8')}"; its inputs are ${names(specs)}`);
  return spec;
}

function tensorOf(spec: TensorSpec, message: TensorMessage, readShared: ReadShared): Tensor {
  const metadata = message.tensorMetadata;
  if (metadata === null || metadata === undefined) {
    const fixed = spec.shape.includes(-1) ? undefined : elementCount(spec.shape) * elementBytes[spec.dtype];
    const bytes = bytesOf(spec, message, fixed, readShared);
    return { ...spec, shape: inferShape(spec, bytes.length), bytes };
  }
  const { dataType: dtype, shape } = metadata;
  if (dtype !== spec.dtype || !shapeFits(spec.shape, shape) || shape.some((axis) => axis < 0)) {
    throw invalid(`input "${spec.name}" expected ${describeTensor(spec)}, got ${describeTensor({ dtype, shape })}`);
  }
  const expected = elementCount(shape) * elementBytes[dtype];
  const bytes = bytesOf(spec, message, expected, readShared);
  if (bytes.length !== expected) {
    throw invalid(`input "${spec.name}" as ${describeTensor({ dtype, shape })} takes ${expected} bytes, got ${bytes.length}`);
  }
  return { name: spec.name, dtype, shape, bytes };
}

function bytesOf(spec: TensorSpec, message: TensorMessage, needed: number | undefined, readShared: ReadShared): Uint8Array {
  const { byteData, sharedMemoryHandle: handle } = message;
  if (handle !== undefined) return readShared({ subject: `Input "${spec.name}"`, handle, needed, width: elementBytes[spec.dtype] });
  if (byteData === undefined) throw invalid(`input "${spec.name}" carries no data; set byte_data or shared_memory_handle`);
  return byteData;
}

/** The shape of a tensor sent without metadata: the model's, with at most one dynamic axis told by the byte length. */
function inferShape(spec: TensorSpec, byteLength: number): number[] {
  const dynamicAxes = spec.shape.filter((axis) => axis === -1).length;
  const stepBytes = elementCount(spec.shape.map((axis) => (axis === -1 ? 1 : axis))) * elementBytes[spec.dtype];
  const fits = dynamicAxes === 0 ? byteLength === stepBytes : dynamicAxes === 1 && stepBytes > 0 && byteLength % stepBytes === 0;
  if (!fits) {
    const expected = dynamicAxes === 0 ? `${stepBytes} bytes` : dynamicAxes === 1 ? `a multiple of ${stepBytes} bytes` : 'its metadata, for it has several dynamic axes';
    throw invalid(`input "${spec.name}" is ${describeTensor(spec)}: expected ${expected}, got ${byteLength} bytes without metadata`);
  }
  return spec.shape.map((axis) => (axis === -1 ? byteLength / stepBytes : axis));
}

function specText(spec: TensorSpec): string {
  return `"${spec.name}" (${describeTensor(spec)})`;
}

function names(specs: readonly TensorSpec[]): string {
  return specs.map((spec) => `"${spec.name}"`).join(', ') || 'none';
}

function invalid(problem: string): FescueError {
  return new FescueError('invalid-argument', `Predict: ${problem}.`);
}
