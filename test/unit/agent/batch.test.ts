import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchKey, joinBatch, splitBatch } from '../../../components/agent/batch.ts';
import { elementBytes, elementCount, type DataType, type Tensor } from '../../../components/common/tensor.ts';

function tensor(name: string, dtype: DataType, shape: number[], fill: number): Tensor {
  return { name, dtype, shape, bytes: Buffer.alloc(elementCount(shape) * elementBytes[dtype], fill) };
}

/** Requests with the same two inputs, of different lengths. */
const requests = fc.record({ widths: fc.tuple(fc.nat(3), fc.nat(3)), rows: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }) }).map(({ widths, rows }) =>
  rows.map((count, index) => [tensor('a', 'FLOAT32', [count, widths[0]], index), tensor('b', 'UINT8', [count, widths[1], 2], index + 100)]),
);

describe('a batch', () => {
  it('gives each request back what went in', () => {
    fc.assert(
      fc.property(requests, (all) => {
        expect(new Set(all.map(batchKey)).size).toBe(1);
        expect(splitBatch(joinBatch(all), all)).toEqual(all);
      }),
    );
  });

  it.each<[string, Tensor[], Tensor[]]>([
    ['another width', [tensor('a', 'FLOAT32', [2, 3], 0)], [tensor('a', 'FLOAT32', [2, 4], 0)]],
    ['another number of axes', [tensor('a', 'FLOAT32', [2, 3], 0)], [tensor('a', 'FLOAT32', [2, 3, 1], 0)]],
  ])('is not made of inputs with %s', (_, one, other) => {
    expect(batchKey(one)).not.toBe(batchKey(other));
  });

  it.each<[string, Tensor[]]>([
    ['no inputs', []],
    ['no rows', [tensor('a', 'FLOAT32', [0, 3], 0)]],
    ['no axes', [tensor('a', 'FLOAT32', [], 0)]],
    ['inputs of different lengths', [tensor('a', 'FLOAT32', [2], 0), tensor('b', 'FLOAT32', [3], 0)]],
  ])('is not made with a request of %s', (_, inputs) => {
    expect(batchKey(inputs)).toBeUndefined();
  });

  it('is not taken apart when the outputs have other rows than went in', () => {
    expect(splitBatch([tensor('y', 'FLOAT32', [1], 0)], [[tensor('a', 'FLOAT32', [1], 0)], [tensor('a', 'FLOAT32', [1], 0)]])).toBeUndefined();
  });
});
