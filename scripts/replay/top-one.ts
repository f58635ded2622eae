import { elementsOf } from '../../components/common/tensor-elements.ts';
import type { Tensor } from '../../components/common/tensor.ts';
import { activate, type Activation } from '../../components/inference/postprocess.ts';

/** How the output of a classifier is read. */
export type Reading = { readonly activation: Activation; readonly labels: readonly string[] };

/** A class and its score in the captured output and now; null where there is no such class, or its score is no finite number. */
export type ClassScores = { readonly label: string; readonly captured: number | null; readonly now: number | null };

/** The best class of a captured output and the one of today. */
export type TopOne = {
  readonly agrees: boolean;
  readonly from: ClassScores;
  /** Null when no score of today's output is a number. */
  readonly to: ClassScores | null;
};

/**
 * Compares the best classes of two outputs: by index where both have the same labels, otherwise by label.
 *
 * @returns undefined when one is no list of scores, such as an image or the answer to a batch, or the captured one has no
 *   best class
 */
export function compareTopOne({ captured, now, readings }: { readonly captured: Tensor; readonly now: Tensor; readonly readings: Readings }): TopOne | undefined {
  const [before, after] = [scoresOf(captured, readings.captured.activation), scoresOf(now, readings.now.activation)];
  if (before === undefined || after === undefined) return undefined;
  const [from, to] = [bestOf(before), bestOf(after)];
  if (from === undefined) return undefined;
  const both = (index: number, side: Side): ClassScores => ({ label: readings.labelOf(index, side), captured: scoreAt(before, readings.places(index, side, 'captured')), now: scoreAt(after, readings.places(index, side, 'now')) });
  const best = to === undefined ? null : both(to, 'now');
  return { agrees: to !== undefined && readings.places(from, 'captured', 'now').includes(to), from: both(from, 'captured'), to: best };
}

type Side = 'captured' | 'now';

/** How both sides are read, and which classes of one are those of the other. */
export class Readings {
  readonly captured: Reading;
  readonly now: Reading;
  readonly #sameLabels: boolean;
  readonly #places: Readonly<Record<Side, ReadonlyMap<string, readonly number[]>>>;

  constructor({ captured, now }: { readonly captured: Reading; readonly now: Reading }) {
    this.captured = captured;
    this.now = now;
    this.#sameLabels = captured.labels.length === now.labels.length && captured.labels.every((label, index) => label === now.labels[index]);
    this.#places = { captured: placesOf(captured.labels), now: placesOf(now.labels) };
  }

  /** A class without a label is called `class 17`. */
  labelOf(index: number, side: Side): string {
    return this[side].labels[index] ?? `class ${index}`;
  }

  /** Where the class of one side is on the other; more than one place if several classes have its label. */
  places(index: number, from: Side, to: Side): readonly number[] {
    const label = this[from].labels[index];
    if (from === to || this.#sameLabels || label === undefined) return [index];
    return this.#places[to].get(label) ?? (this[to].labels.length === 0 ? [index] : []);
  }
}

function placesOf(labels: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  labels.forEach((label, index) => places.set(label, [...(places.get(label) ?? []), index]));
  return places;
}

/** Of a tensor with one axis longer than 1, in whatever place. */
function scoresOf(output: Tensor, activation: Activation): number[] | undefined {
  return output.shape.filter((axis) => axis !== 1).length === 1 && output.bytes.length > 0 ? activate(elementsOf(output).map(Number), activation) : undefined;
}

/** The index of the largest score; undefined when none is a number. */
function bestOf(scores: readonly number[]): number | undefined {
  let best: number | undefined;
  scores.forEach((score, index) => {
    if (!Number.isNaN(score) && (best === undefined || score > (scores[best] ?? -Infinity))) best = index;
  });
  return best;
}

function scoreAt(scores: readonly number[], places: readonly number[]): number | null {
  const best = Math.max(...places.map((place) => scores[place] ?? -Infinity));
  return Number.isFinite(best) ? best : null;
}
