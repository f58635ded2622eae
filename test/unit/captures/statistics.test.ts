import { expect, test } from 'vitest';
import type { DataType } from '../../../components/common/tensor.ts';
import { statisticsOf } from '../../../scripts/captures/statistics.ts';

test.each<[string, DataType, ArrayBufferView, ReturnType<typeof statisticsOf>]>([
  ['floats', 'FLOAT32', Float32Array.of(1, 4, -2, 4), { count: 4, notFinite: 0, min: -2, max: 4, mean: 1.75, top: 1 }],
  ['what is not finite', 'FLOAT64', Float64Array.of(Number.NaN, 1, Infinity, 3, -Infinity), { count: 5, notFinite: 3, min: 1, max: 3, mean: 2, top: 3 }],
  ['nothing finite', 'FLOAT16', Float16Array.of(Number.NaN), { count: 1, notFinite: 1, min: Number.NaN, max: Number.NaN, mean: Number.NaN, top: -1 }],
  ['nothing', 'UINT8', new Uint8Array(), { count: 0, notFinite: 0, min: Number.NaN, max: Number.NaN, mean: Number.NaN, top: -1 }],
  ['large ones', 'FLOAT64', Float64Array.of(Number.MAX_VALUE, Number.MAX_VALUE), { count: 2, notFinite: 0, min: Number.MAX_VALUE, max: Number.MAX_VALUE, mean: Number.MAX_VALUE, top: 0 }],
  ['big integers', 'INT64', BigInt64Array.of(-5n, 7n), { count: 2, notFinite: 0, min: -5, max: 7, mean: 1, top: 1 }],
])('%s', (_, dtype, array, expected) => {
  expect(statisticsOf({ dtype, bytes: new Uint8Array(array.buffer) })).toEqual(expected);
});
