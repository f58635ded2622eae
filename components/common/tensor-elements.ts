import { aligned, elementBytes, type Tensor } from './tensor.ts';

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

/** The elements of a tensor in row-major order; INT64 as bigint. */
export function elementsOf(tensor: Pick<Tensor, 'dtype' | 'bytes'>): (number | bigint)[] {
  return [...elementArrayOf(tensor)];
}

/** The same as a typed array, which is a view of the tensor's bytes where they are aligned for it. */
export function elementArrayOf({ dtype, bytes }: Pick<Tensor, 'dtype' | 'bytes'>): ArrayLike<number | bigint> & Iterable<number | bigint> {
  const width = elementBytes[dtype];
  const { buffer, byteOffset, byteLength } = aligned(bytes, width);
  return new elementArrays[dtype](buffer as ArrayBuffer, byteOffset, byteLength / width);
}
