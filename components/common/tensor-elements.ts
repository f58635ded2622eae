import type { Tensor } from './tensor.ts';

// Apart from tensor.ts, because the agent's workers run without the class Float16Array (see session.ts).
const elementArrays = {
  UINT8: Uint8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FLOAT16: Float16Array,
  FLOAT32: Float32Array,
  FLOAT64: Float64Array,
} as const;

type ElementArray = InstanceType<(typeof elementArrays)[keyof typeof elementArrays]>;

/** The elements of a tensor in row-major order, in an array of their type; INT64 as bigint. */
export function elementArrayOf(tensor: Pick<Tensor, 'dtype' | 'bytes'>): ElementArray {
  // A copy starts on every boundary an element can need.
  const { buffer } = Uint8Array.from(tensor.bytes);
  return new elementArrays[tensor.dtype](buffer);
}

/** The elements of a tensor in row-major order; INT64 as bigint. */
export function elementsOf(tensor: Pick<Tensor, 'dtype' | 'bytes'>): (number | bigint)[] {
  return [...elementArrayOf(tensor)];
}
