import { elementsOf } from '../common/tensor-elements.ts';
import type { Tensor } from '../common/tensor.ts';

export type Activation = 'softmax' | 'sigmoid' | 'none';
export type ClassScore = { readonly label: string; readonly score: number };

/**
 * Every class with its score, in the model's order.
 *
 * @param output scores or logits of one image, one element per class
 * @param options.labels class names by index; a class without one is called `class 17`
 */
export function classScores(output: Tensor, options: { activation: Activation; labels: readonly string[] }): ClassScore[] {
  const scores = activate(elementsOf(output).map(Number), options.activation);
  return scores.map((score, index) => ({ label: options.labels[index] ?? `class ${index}`, score }));
}

/** At most `maxResults` of the classes, which score at least `threshold`, best first. */
export function bestClasses(scores: readonly ClassScore[], options: { threshold: number; maxResults: number }): ClassScore[] {
  return scores
    .filter(({ score }) => score >= options.threshold)
    .sort((a, b) => b.score - a.score)
    .slice(0, options.maxResults);
}

/** The best class, however low its score; undefined when no score is a number. */
export function topClass(scores: readonly ClassScore[]): ClassScore | undefined {
  return scores.reduce<ClassScore | undefined>((top, one) => (one.score > (top?.score ?? Number.NEGATIVE_INFINITY) ? one : top), undefined);
}

/** Scores of the elements of a classifier's output. */
export function activate(values: number[], activation: Activation): number[] {
  switch (activation) {
    case 'softmax':
      return softmax(values);
    case 'sigmoid':
      return values.map((value) => 1 / (1 + Math.exp(-value)));
    case 'none':
      return values;
  }
}

/** Shifted by the largest value, so that no exponential overflows. */
function softmax(values: number[]): number[] {
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = values.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}
