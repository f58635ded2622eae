import { describe, expect, test } from 'vitest';
import type { Tensor } from '../../../components/common/tensor.ts';
import { compareTopOne, Readings, type Reading, type TopOne } from '../../../scripts/replay/top-one.ts';

function scores(values: readonly number[], shape: readonly number[] = [1, values.length]): Tensor {
  return { name: 'y', dtype: 'FLOAT32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

const plain: Reading = { activation: 'none', labels: ['cat', 'dog', 'cow'] };

function compare(captured: readonly number[], now: readonly number[], readings: { captured?: Reading; now?: Reading } = {}): TopOne | undefined {
  return compareTopOne({ captured: scores(captured), now: scores(now), readings: new Readings({ captured: plain, now: plain, ...readings }) });
}

describe('the best class', () => {
  test('agrees when it is the same', () => {
    expect(compare([0, 3, 1], [1, 2, 0])).toEqual({ agrees: true, from: { label: 'dog', captured: 3, now: 2 }, to: { label: 'dog', captured: 3, now: 2 } });
  });

  test('changes to another, with the scores of both then and now', () => {
    expect(compare([0, 3, 1], [5, 2, 0])).toEqual({ agrees: false, from: { label: 'dog', captured: 3, now: 2 }, to: { label: 'cat', captured: 0, now: 5 } });
  });

  test('of equal ones is the first', () => {
    expect(compare([1, 1, 0], [1, 1, 1])).toMatchObject({ agrees: true, from: { label: 'cat' } });
  });

  test.each([
    ['softmax', 1 / (1 + Math.exp(-1) + Math.exp(-2))],
    ['sigmoid', 1 / (1 + Math.exp(-2))],
  ] as const)('is told with the score that %s makes of it', (activation, score) => {
    const reading: Reading = { activation, labels: [] };
    const found = compare([2, 1, 0], [2, 1, 0], { captured: reading, now: reading });
    expect(found?.from.label).toBe('class 0');
    expect([found?.from.captured, found?.from.now]).toEqual([expect.closeTo(score, 6), expect.closeTo(score, 6)]);
  });

  test('is read on each side in the way of that side', () => {
    const found = compare([0, 0], [0.25, 0.75], { captured: { activation: 'softmax', labels: ['a', 'b'] }, now: { activation: 'none', labels: ['a', 'b'] } });
    expect(found).toMatchObject({ agrees: false, from: { label: 'a', captured: 0.5, now: 0.25 } });
  });

  test('is never NaN, and an infinite score is told as none', () => {
    expect(compare([Number.NaN, 1, 2], [Number.NaN, 1, 2])).toMatchObject({ agrees: true, from: { label: 'cow' } });
    expect(compare([Infinity, 1, 2], [0, 1, 2])).toMatchObject({ agrees: false, from: { label: 'cat', captured: null, now: 0 } });
    expect(compare([0, 1, 2], [Number.NaN, Number.NaN, Number.NaN])).toEqual({ agrees: false, from: { label: 'cow', captured: 2, now: null }, to: null });
    expect(compare([Number.NaN, Number.NaN, Number.NaN], [0, 1, 2])).toBeUndefined();
  });
});

describe('labels of two models', () => {
  test('in another order are compared by label', () => {
    expect(compare([3, 0, 0], [0, 0, 3], { now: { activation: 'none', labels: ['dog', 'cow', 'cat'] } })).toEqual({ agrees: true, from: { label: 'cat', captured: 3, now: 3 }, to: { label: 'cat', captured: 3, now: 3 } });
    expect(compare([3, 0, 1], [3, 0, 2], { now: { activation: 'none', labels: ['dog', 'cow', 'cat'] } })).toEqual({ agrees: false, from: { label: 'cat', captured: 3, now: 2 }, to: { label: 'dog', captured: 0, now: 3 } });
  });

  test('that only one of them has have no score with the other', () => {
    expect(compare([3, 0, 0], [0, 5], { now: { activation: 'none', labels: ['dog', 'fox'] } })).toEqual({ agrees: false, from: { label: 'cat', captured: 3, now: null }, to: { label: 'fox', captured: null, now: 5 } });
  });

  test('that several classes have stand for any of them', () => {
    const now: Reading = { activation: 'none', labels: ['crane', 'cat', 'crane'] };
    expect(compare([0, 1], [0, 1, 2], { captured: { activation: 'none', labels: ['cat', 'crane'] }, now })).toMatchObject({ agrees: true, from: { label: 'crane', now: 2 } });
  });

  test('that are the same list keep classes of one label apart', () => {
    const twice: Reading = { activation: 'none', labels: ['crane', 'crane'] };
    expect(compare([0, 1], [1, 0], { captured: twice, now: twice })).toMatchObject({ agrees: false, from: { label: 'crane', captured: 1, now: 0 } });
  });

  test('that are missing leave the index', () => {
    expect(compare([0, 1, 0], [0, 1, 0], { now: { activation: 'none', labels: [] } })).toMatchObject({ agrees: true, from: { label: 'dog', now: 1 }, to: { label: 'class 1', captured: 1 } });
  });
});

describe('the scores', () => {
  test.each([[[3]], [[1, 3]], [[1, 3, 1, 1]]])('may have the shape %j', (shape) => {
    expect(compareTopOne({ captured: scores([0, 1, 2], shape), now: scores([0, 1, 2]), readings: new Readings({ captured: plain, now: plain }) })).toMatchObject({ agrees: true });
  });

  test.each([
    ['a batch', scores([0, 1, 2, 3], [2, 2])],
    ['a single number', scores([1], [1, 1])],
    ['nothing', scores([], [1, 0])],
  ])('are not %s', (_, one) => {
    const readings = new Readings({ captured: plain, now: plain });
    expect(compareTopOne({ captured: one, now: scores([0, 1, 2]), readings })).toBeUndefined();
    expect(compareTopOne({ captured: scores([0, 1, 2]), now: one, readings })).toBeUndefined();
  });
});
