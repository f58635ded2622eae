import { elementArrayOf } from '../../components/common/tensor-elements.ts';
import type { Tensor } from '../../components/common/tensor.ts';

/** By what the elements of two tensors differ. */
export type Difference = {
  readonly elements: number;
  /** The largest and the mean absolute difference, of the elements whose difference is a finite number; 0 without any. */
  readonly maxAbs: number;
  readonly meanAbs: number;
  /** Elements whose difference is no finite number: NaN or an infinity on one side, or too far apart to say. */
  readonly unlike: number;
};

type Elements = Pick<Tensor, 'dtype' | 'bytes'>;

/**
 * Compares two tensors element by element, whatever their types. NaN is like NaN, an infinity like itself.
 *
 * @returns undefined when one has more elements than the other
 */
export function differenceOf(captured: Elements, now: Elements): Difference | undefined {
  const [before, after] = [elementArrayOf(captured), elementArrayOf(now)];
  if (before.length !== after.length) return undefined;
  let [maxAbs, meanAbs, finite] = [0, 0, 0];
  for (let index = 0; index < before.length; index += 1) {
    const distance = distanceOf(before[index] ?? 0, after[index] ?? 0);
    if (!Number.isFinite(distance)) continue;
    finite += 1;
    maxAbs = Math.max(maxAbs, distance);
    // A running mean: a sum of large differences may be too large for a number.
    meanAbs += (distance - meanAbs) / finite;
  }
  return { elements: before.length, maxAbs, meanAbs, unlike: before.length - finite };
}

function distanceOf(before: number | bigint, after: number | bigint): number {
  // Subtracted as whole numbers: beyond 2^53 neighbours look the same as floating-point ones.
  if (typeof before === 'bigint' && typeof after === 'bigint') return Math.abs(Number(after - before));
  const [a, b] = [Number(before), Number(after)];
  return Object.is(a, b) ? 0 : Math.abs(b - a);
}
