import { expect, test } from 'vitest';
import { type Activation, bestClasses, type ClassScore, classScores, topClass } from '../../../components/inference/postprocess.ts';

const logits = (values: number[]): Parameters<typeof classScores>[0] => ({ name: 'y', dtype: 'FLOAT32', shape: [1, values.length], bytes: new Uint8Array(Float32Array.from(values).buffer) });

const scoresOf = (values: number[], activation: Activation = 'none'): ClassScore[] => classScores(logits(values), { activation, labels: ['a', 'b', 'c'] });

const best = (values: number[], options: Partial<Parameters<typeof bestClasses>[1]> = {}): ClassScore[] => bestClasses(scoresOf(values), { threshold: 0, maxResults: 10, ...options });

test('the best come first, with their labels', () => {
  expect(best([0.25, 0.75, 0.5]).map(({ label }) => label)).toEqual(['b', 'c', 'a']);
  expect(best([0.25, 0.75, 0.5, 1])[0]).toEqual({ label: 'class 3', score: 1 });
});

test('as many as asked for, and as good', () => {
  expect(best([0.25, 0.75, 0.5], { maxResults: 1 })).toEqual([{ label: 'b', score: 0.75 }]);
  expect(best([0.25, 0.75, 0.5], { threshold: 0.5 }).length).toBe(2);
});

test.each<[number[], ClassScore | undefined]>([
  [[0.25, 0.75, 0.5], { label: 'b', score: 0.75 }],
  [[-3, -2, -4], { label: 'b', score: -2 }],
  [[0.5, 0.5], { label: 'a', score: 0.5 }],
  [[Number.NaN, 0.5], { label: 'b', score: 0.5 }],
  [[Number.NaN], undefined],
  [[], undefined],
])('the best of %j', (values, expected) => {
  expect(topClass(scoresOf(values))).toEqual(expected);
});

test.each([
  ['softmax', [Math.log(1), Math.log(3)], [0.75, 0.25]],
  ['softmax', [1000, 1000], [0.5, 0.5]],
  ['sigmoid', [0, 1000], [1, 0.5]],
] as [Activation, number[], number[]][])('%s of %j', (activation, values, expected) => {
  const scores = bestClasses(scoresOf(values, activation), { threshold: 0, maxResults: 10 });
  expect(scores.map(({ score }) => score).map((score) => Number(score.toFixed(6)))).toEqual(expected);
});

test('bytes that do not begin on a boundary', () => {
  const { bytes, ...spec } = logits([0.25, 0.75]);
  const moved = new Uint8Array(bytes.length + 1);
  moved.set(bytes, 1);
  expect(topClass(classScores({ ...spec, bytes: moved.subarray(1) }, { activation: 'none', labels: [] }))).toEqual({ label: 'class 1', score: 0.75 });
});
