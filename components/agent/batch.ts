import { elementBytes, elementCount, type Tensor } from '../common/tensor.ts';

/**
 * What requests must have in common to run as one: all but the length of the first axis, which is the same for all inputs
 * of a request.
 *
 * @param inputs of one request, in the model's order
 * @returns undefined for a request that has to run by itself
 */
export function batchKey(inputs: readonly Tensor[]): string | undefined {
  const rows = rowsOf(inputs);
  if (rows === 0 || inputs.some(({ shape }) => shape[0] !== rows)) return undefined;
  return JSON.stringify(inputs.map(({ shape }) => shape.slice(1)));
}

/** @param requests with the same key @returns their inputs, one request below the other along the first axis */
export function joinBatch(requests: readonly (readonly Tensor[])[]): Tensor[] {
  const [first = []] = requests;
  return first.map((tensor, index) => {
    const all = requests.flatMap((inputs) => inputs[index] ?? []);
    return { ...tensor, shape: [all.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0), ...tensor.shape.slice(1)], bytes: Buffer.concat(all.map(({ bytes }) => bytes)) };
  });
}

/**
 * @param outputs of a joined run
 * @returns the outputs of each request; undefined when they are not as many rows as went in, so that nobody can tell
 *   which are whose
 */
export function splitBatch(outputs: readonly Tensor[], requests: readonly (readonly Tensor[])[]): Tensor[][] | undefined {
  const rows = requests.map(rowsOf);
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (outputs.some(({ shape }) => shape[0] !== total)) return undefined;
  let start = 0;
  return rows.map((count) => {
    const end = start + count;
    const own = outputs.map((output) => rowsFrom(output, start, end));
    start = end;
    return own;
  });
}

function rowsOf([first]: readonly Tensor[]): number {
  return first?.shape[0] ?? 0;
}

function rowsFrom(output: Tensor, start: number, end: number): Tensor {
  const shape = output.shape.slice(1);
  const rowBytes = elementCount(shape) * elementBytes[output.dtype];
  return { ...output, shape: [end - start, ...shape], bytes: output.bytes.subarray(start * rowBytes, end * rowBytes) };
}
