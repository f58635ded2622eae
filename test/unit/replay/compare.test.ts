import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elementBytes, type DataType } from '../../../components/common/tensor.ts';
import { differenceOf } from '../../../scripts/replay/compare.ts';

const arrays = { UINT8: Uint8Array, INT16: Int16Array, INT32: Int32Array, INT64: BigInt64Array, FLOAT16: Float16Array, FLOAT32: Float32Array, FLOAT64: Float64Array } as const;

function tensor(dtype: DataType, values: readonly number[]): { dtype: DataType; bytes: Uint8Array } {
  const elements = dtype === 'INT64' ? BigInt64Array.from(values, BigInt) : arrays[dtype].from(values);
  return { dtype, bytes: new Uint8Array(elements.buffer) };
}

const nothing = { maxAbs: 0, meanAbs: 0, unlike: 0 };

describe('the difference of two tensors', () => {
  test.each(['INT16', 'INT32', 'INT64', 'FLOAT16', 'FLOAT32', 'FLOAT64'] as const)('of %s elements', (dtype) => {
    expect(differenceOf(tensor(dtype, [1, -2, 3, 0]), tensor(dtype, [1, 2, 3, -2]))).toEqual({ elements: 4, maxAbs: 4, meanAbs: 1.5, unlike: 0 });
  });

  test.each([
    ['none of either', [], [], { elements: 0, ...nothing }],
    ['NaN in the same place', [Number.NaN, 1], [Number.NaN, 3], { elements: 2, maxAbs: 2, meanAbs: 1, unlike: 0 }],
    ['NaN on one side', [Number.NaN, 1], [1, 3], { elements: 2, maxAbs: 2, meanAbs: 2, unlike: 1 }],
    ['the same infinity', [Infinity, -Infinity], [Infinity, -Infinity], { elements: 2, ...nothing }],
    ['another infinity', [Infinity, 1, 1], [-Infinity, Infinity, 1], { elements: 3, ...nothing, unlike: 2 }],
    ['NaN everywhere on one side', [1, 2], [Number.NaN, Number.NaN], { elements: 2, ...nothing, unlike: 2 }],
    ['zero with either sign', [0], [-0], { elements: 1, ...nothing }],
    ['more than a number holds', [Number.MAX_VALUE], [-Number.MAX_VALUE], { elements: 1, ...nothing, unlike: 1 }],
    ['a sum of differences that a number does not hold', [1e308, 1e308], [0, 0], { elements: 2, maxAbs: 1e308, meanAbs: 1e308, unlike: 0 }],
  ])('%s', (_, before, after, expected) => {
    expect(differenceOf(tensor('FLOAT64', before), tensor('FLOAT64', after))).toEqual(expected);
  });

  test('of neighbouring 64-bit integers is not lost', () => {
    const largest = { dtype: 'INT64', bytes: new Uint8Array(BigInt64Array.of(2n ** 63n - 1n).buffer) } as const;
    const next = { dtype: 'INT64', bytes: new Uint8Array(BigInt64Array.of(2n ** 63n - 2n).buffer) } as const;
    expect(differenceOf(largest, next)).toMatchObject({ maxAbs: 1 });
  });

  test('of other types is that of their numbers', () => {
    expect(differenceOf(tensor('FLOAT16', [1.5, 2]), tensor('INT64', [1, 2]))).toMatchObject({ elements: 2, maxAbs: 0.5 });
    expect(differenceOf(tensor('UINT8', [255]), tensor('FLOAT32', [255]))).toMatchObject({ maxAbs: 0 });
  });

  test('of other lengths is none', () => {
    expect(differenceOf(tensor('FLOAT32', [1, 2]), tensor('FLOAT32', [1]))).toBeUndefined();
    expect(differenceOf(tensor('FLOAT32', []), tensor('FLOAT32', [1]))).toBeUndefined();
  });
});

const anyTensor = fc.constantFrom(...(Object.keys(elementBytes) as DataType[])).chain((dtype) => fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ dtype, bytes: bytes.slice(0, bytes.length - (bytes.length % elementBytes[dtype])) })));

describe('whatever the bytes', () => {
  test('a tensor does not differ from itself', () => {
    fc.assert(
      fc.property(anyTensor, (one) => {
        expect(differenceOf(one, one)).toMatchObject(nothing);
      }),
    );
  });

  test('a difference is the same both ways, finite, and its mean is no larger than its maximum', () => {
    fc.assert(
      fc.property(anyTensor, anyTensor, (one, other) => {
        const found = differenceOf(one, other);
        expect(found).toEqual(differenceOf(other, one));
        if (found === undefined) return;
        expect(Number.isFinite(found.maxAbs) && found.meanAbs <= found.maxAbs * (1 + 1e-9) && found.unlike <= found.elements).toBe(true);
      }),
    );
  });
});
