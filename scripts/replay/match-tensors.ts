import { parseTensorContentType, type CaptureEntry } from '../../components/common/capture-format.ts';
import { describeTensor, shapeFits, type TensorSpec } from '../../components/common/tensor.ts';

/** A captured tensor that a model's input can take, or why there is none. */
export type Match = { readonly spec: TensorSpec; readonly entry: CaptureEntry } | { readonly spec: TensorSpec; readonly problem: string };

/**
 * Assigns captured tensors to a model's inputs: by name, by position where no tensor has the name, if type and shape fit.
 *
 * @returns one match per input, in the model's order
 */
export function matchInputs(specs: readonly TensorSpec[], captured: readonly CaptureEntry[]): Match[] {
  return specs.map((spec, position) => {
    const entry = counterpart(specs, captured, position);
    if (entry === undefined) return { spec, problem: `no tensor for input "${spec.name}" ${describeTensor(spec)}` };
    const type = parseTensorContentType(entry.observedContentType);
    if (type?.dtype === spec.dtype && shapeFits(spec.shape, type.shape)) return { spec, entry };
    return { spec, problem: `input "${spec.name}" takes ${describeTensor(spec)}, captured is ${entry.observedContentType.slice(0, 200)}` };
  });
}

/** The captured tensor that belongs to each of a model's outputs, in the model's order: by name, else by position. */
export function matchOutputs(specs: readonly TensorSpec[], captured: readonly CaptureEntry[]): (CaptureEntry | undefined)[] {
  return specs.map((_, position) => counterpart(specs, captured, position));
}

/** A tensor that is another's by its name is not taken for its position. */
function counterpart(specs: readonly TensorSpec[], captured: readonly CaptureEntry[], position: number): CaptureEntry | undefined {
  const namesake = captured.find(({ name }) => name === specs[position]?.name);
  if (namesake !== undefined) return namesake;
  const neighbour = captured[position];
  return neighbour !== undefined && specs.every(({ name }) => name !== neighbour.name) ? neighbour : undefined;
}
