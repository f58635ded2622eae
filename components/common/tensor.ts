/** Element size in bytes of every data type of the contract. */
export const elementBytes = {
  UINT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FLOAT16: 2,
  FLOAT32: 4,
  FLOAT64: 8,
} as const;

/** A data type, by its name in `proto/agent.proto`. */
export type DataType = keyof typeof elementBytes;

export const dataTypes = Object.keys(elementBytes) as DataType[];

/** What is known of a tensor before it is computed; -1 in the shape marks a dynamic axis. */
export type TensorSpec = { readonly name: string; readonly dtype: DataType; readonly shape: readonly number[] };

/** A tensor: contiguous, row-major, little-endian bytes. */
export type Tensor = TensorSpec & { readonly bytes: Uint8Array };

/** Number of elements of a shape without dynamic axes; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** Whether `shape` is an instance of `declared`, in which -1 stands for any length. */
export function shapeFits(declared: readonly number[], shape: readonly number[]): boolean {
  return declared.length === shape.length && declared.every((axis, index) => axis === -1 || axis === shape[index]);
}

/** `FLOAT32 [1, 3, 224, 224]`, as messages and tables show it. */
export function describeTensor(spec: { dtype: DataType; shape: readonly number[] }): string {
  return `${spec.dtype} [${spec.shape.join(', ')}]`;
}

/** The bytes on a boundary of `width`, as typed arrays need them; copied only when they are not there already. */
export function aligned(bytes: Uint8Array, width: number): Uint8Array {
  // Not slice(): a Buffer's slice is a view of the same unaligned memory.
  return bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
}
