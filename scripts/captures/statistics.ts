import { elementArrayOf } from '../../components/common/tensor-elements.ts';
import type { Tensor } from '../../components/common/tensor.ts';

/** Of the finite elements of a tensor; NaN where there are none. INT64 is rounded to a double. */
export type Statistics = {
  readonly count: number;
  /** Elements that are infinite or no numbers. */
  readonly notFinite: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Index of the first of the largest elements; -1 when there is none. */
  readonly top: number;
};

export function statisticsOf(tensor: Pick<Tensor, 'dtype' | 'bytes'>): Statistics {
  const elements = elementArrayOf(tensor);
  let [finite, min, max, mean, top] = [0, Infinity, -Infinity, 0, -1];
  for (let index = 0; index < elements.length; index += 1) {
    const value = Number(elements[index]);
    if (!Number.isFinite(value)) continue;
    finite += 1;
    // A sum of large elements could overflow.
    mean += value / finite - mean / finite;
    if (value < min) min = value;
    if (value > max) [max, top] = [value, index];
  }
  const any = finite > 0;
  return { count: elements.length, notFinite: elements.length - finite, min: any ? min : Number.NaN, max: any ? max : Number.NaN, mean: any ? mean : Number.NaN, top };
}
