import { describeTensor, shapeFits, type Tensor, type TensorSpec } from '../../components/common/tensor.ts';

/** A tensor of a capture that a model's input can take, or why there is none. */
export type Match = { readonly spec: TensorSpec; readonly tensor: Tensor } | { readonly spec: TensorSpec; readonly problem: string };

/**
 * Assigns captured tensors to a model's inputs: by name, by position where no tensor has the name, if type and shape fit.
 *
 * @returns one match per input, in the model's order; the tensors have the names of the inputs
 */
export function matchInputs(specs: readonly TensorSpec[], captured: readonly Tensor[]): Match[] {
  return specs.map((spec, position) => {
    const tensor = counterpart(specs, captured, { spec, position });
    if (tensor === undefined) return { spec, problem: `no tensor for input "${spec.name}" ${describeTensor(spec)}` };
    const fits = tensor.dtype === spec.dtype && shapeFits(spec.shape, tensor.shape);
    return fits ? { spec, tensor: { ...tensor, name: spec.name } } : { spec, problem: `input "${spec.name}" takes ${describeTensor(spec)}, captured is ${describeTensor(tensor)}` };
  });
}

/** The captured outputs that belong to a model's outputs, in the model's order: by name, else by position. */
export function matchOutputs(outputs: readonly TensorSpec[], captured: readonly Tensor[]): (Tensor | undefined)[] {
  return outputs.map((spec, position) => counterpart(outputs, captured, { spec, position }));
}

/** One that is meant for another by its name is not taken for its position. */
function counterpart(specs: readonly TensorSpec[], captured: readonly Tensor[], { spec, position }: { readonly spec: TensorSpec; readonly position: number }): Tensor | undefined {
  const namesake = captured.find(({ name }) => name === spec.name);
  if (namesake !== undefined) return namesake;
  const neighbour = captured[position];
  return neighbour !== undefined && specs.every(({ name }) => name !== neighbour.name) ? neighbour : undefined;
}
