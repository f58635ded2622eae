import { FescueError } from '../../components/common/errors.ts';
import { describeTensor, type Tensor } from '../../components/common/tensor.ts';
import { elementsOf } from '../../components/common/tensor-elements.ts';

type Array = Pick<Tensor, 'dtype' | 'shape' | 'bytes'>;

/**
 * Compares a model's output with the expected one: each element within tolerance × (1 + |expected|).
 *
 * @throws FescueError `failed-precondition` saying what differs
 */
export function compareWithGolden(output: Tensor, expected: Array, tolerance: number): void {
  if (describeTensor(output) !== describeTensor(expected)) {
    throw differs(`output "${output.name}" is ${describeTensor(output)}, expected ${describeTensor(expected)}`);
  }
  const wanted = elementsOf(expected).map(Number);
  const got = elementsOf(output).map(Number);
  const wrong = wanted.flatMap((value, index) => (isClose(got[index] ?? Number.NaN, value, tolerance) ? [] : [index]));
  const [first] = wrong;
  if (first === undefined) return;
  const largest = Math.max(...wrong.map((index) => Math.abs((got[index] ?? 0) - (wanted[index] ?? 0))));
  throw differs(`output "${output.name}" differs in ${wrong.length} of ${wanted.length} elements by up to ${largest.toPrecision(3)}; the first is element ${first}: expected ${wanted[first]}, got ${got[first]}, tolerance ${tolerance}`);
}

function isClose(got: number, expected: number, tolerance: number): boolean {
  return Object.is(got, expected) || Math.abs(got - expected) <= tolerance * (1 + Math.abs(expected));
}

function differs(what: string): FescueError {
  return new FescueError('failed-precondition', `The model does not give the golden output: ${what}. Package the model the output was made with, or make the output again.`);
}
