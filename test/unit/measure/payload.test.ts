import { expect, test } from 'vitest';
import { elementsOf } from '../../../components/common/tensor-elements.ts';
import { dataTypes, elementBytes, type TensorSpec } from '../../../components/common/tensor.ts';
import { makeInputs } from '../../../scripts/measure/payload.ts';

const images: TensorSpec = { name: 'images', dtype: 'FLOAT32', shape: [-1, 3, -1, 4] };

test('dynamic axes have length 1 unless their shape is given', () => {
  expect(makeInputs([images], new Map())[0]).toMatchObject({ name: 'images', dtype: 'FLOAT32', shape: [1, 3, 1, 4] });
  const [made] = makeInputs([images], new Map([['images', [2, 3, 5, 4]]]));
  expect(made?.shape).toEqual([2, 3, 5, 4]);
  expect(made?.bytes.length).toBe(2 * 3 * 5 * 4 * 4);
});

test.each(dataTypes)('%s content is small, finite and the same every time', (dtype) => {
  const spec: TensorSpec = { name: 'x', dtype, shape: [300] };
  const [made] = makeInputs([spec], new Map());
  expect(made?.bytes.length).toBe(300 * elementBytes[dtype]);
  const values = elementsOf({ dtype, bytes: made?.bytes ?? new Uint8Array() }).map(Number);
  // An embedding takes integers as indices, so they must not be large.
  const [least, most] = dtype === 'UINT8' ? [0, 255] : dtype.startsWith('INT') ? [1, 1] : [0, 1];
  expect(values.every((value) => value >= least && value <= most)).toBe(true);
  expect(values.some((value) => value > 0.1)).toBe(true);
  expect(makeInputs([spec], new Map())).toEqual([made]);
});

test('a scalar has one element', () => {
  expect(makeInputs([{ name: 's', dtype: 'INT64', shape: [] }], new Map())[0]?.bytes.length).toBe(8);
});

test.each([
  ['another', [1], /no input "another"; its inputs are "images" FLOAT32 \[-1, 3, -1, 4\]/],
  ['images', [1, 3, 4], /"images" is FLOAT32 \[-1, 3, -1, 4\], which \[1, 3, 4\] does not fit/],
  ['images', [1, 2, 4, 4], /does not fit/],
  ['images', [9_999, 3, 99_999, 4], /would take \d+ bytes as .* at most 2147483647/],
])('the shape %s=%j is refused', (name, shape, message) => {
  expect(() => makeInputs([images], new Map([[name, shape]]))).toThrow(message);
});
