import { FescueError } from '../../components/common/errors.ts';
import { describeTensor, elementBytes, elementCount, shapeFits, type DataType, type Tensor, type TensorSpec } from '../../components/common/tensor.ts';

/** Shapes by name of the input. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** What fits into a protobuf message. */
const largestBytes = 2 ** 31 - 1;

/**
 * Content for the inputs of a model: small numbers, the same every time; integers are 1, which is a valid index nearly
 * everywhere.
 *
 * @param shapes of inputs with dynamic axes, whose length is 1 otherwise
 * @throws FescueError `invalid-argument` when a shape is for no input, does not fit or is too large
 */
export function makeInputs(specs: readonly TensorSpec[], shapes: Shapes): Tensor[] {
  for (const name of shapes.keys()) {
    if (!specs.some((spec) => spec.name === name)) throw new FescueError('invalid-argument', `The model has no input "${name}"; its inputs are ${listed(specs)}.`);
  }
  return specs.map((spec) => {
    const shape = shapes.get(spec.name) ?? spec.shape.map((axis) => (axis === -1 ? 1 : axis));
    if (!shapeFits(spec.shape, shape)) throw new FescueError('invalid-argument', `Input "${spec.name}" is ${describeTensor(spec)}, which [${shape.join(', ')}] does not fit. Give a length for each axis, its own where it is not -1.`);
    const count = elementCount(shape);
    if (count * elementBytes[spec.dtype] > largestBytes) throw new FescueError('invalid-argument', `Input "${spec.name}" would take ${count * elementBytes[spec.dtype]} bytes as [${shape.join(', ')}]; a message holds at most ${largestBytes}. Give a smaller shape.`);
    return { name: spec.name, dtype: spec.dtype, shape, bytes: contents[spec.dtype](count) };
  });
}

/** Between 0 and 1, in steps that repeat. */
const ramp = (_: unknown, index: number): number => ((index * 31) % 255) / 255;

const contents: Readonly<Record<DataType, (length: number) => Uint8Array>> = {
  UINT8: (length) => Uint8Array.from({ length }, (_, index) => (index * 31) % 255),
  INT16: (length) => bytesOf(new Int16Array(length).fill(1)),
  INT32: (length) => bytesOf(new Int32Array(length).fill(1)),
  INT64: (length) => bytesOf(new BigInt64Array(length).fill(1n)),
  // 0.5, by its bits: there is no Float16Array where sessions are.
  FLOAT16: (length) => bytesOf(new Uint16Array(length).fill(0x3800)),
  FLOAT32: (length) => bytesOf(Float32Array.from({ length }, ramp)),
  FLOAT64: (length) => bytesOf(Float64Array.from({ length }, ramp)),
};

function bytesOf({ buffer }: { readonly buffer: ArrayBufferLike }): Uint8Array {
  return new Uint8Array(buffer);
}

function listed(specs: readonly TensorSpec[]): string {
  return specs.map((spec) => `"${spec.name}" ${describeTensor(spec)}`).join(', ') || 'none';
}
