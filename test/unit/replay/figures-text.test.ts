import { expect, test } from 'vitest';
import { named, percent, placeOf, short, signed } from '../../../scripts/replay/figures-text.ts';

test.each([
  [1, '100.00 %'],
  [0.57, '57.00 %'],
  [0.29, '29.00 %'],
  [2 / 3, '66.66 %'],
  [0.999_999, '99.99 %'],
  [0, '0.00 %'],
])('a share of %d is %s', (share, text) => {
  expect(percent(share)).toBe(text);
});

test.each([
  [0, '0', '0'],
  [0.12345, '0.123', '+0.123'],
  [-0.5, '-0.5', '-0.5'],
  [1234.5, '1230', '+1230'],
  [0.00012345, '1.23e-4', '+1.23e-4'],
])('%d has three digits that count', (value, plain, withSign) => {
  expect([short(value), signed(value)]).toEqual([plain, withSign]);
});

test('a model has its version, and a capture its id, as far as they have one', () => {
  expect([named({ name: 'pump', version: '1.0' }), named({ name: 'pump', version: '' }), named({ name: 'pump', version: null })]).toEqual(['pump 1.0', 'pump', 'pump']);
  expect([placeOf({ id: 'one', key: 'k', line: 1 }), placeOf({ id: '', key: 'k', line: 1 }), placeOf({ id: null, key: 'k', line: null })]).toEqual(['one', 'k:1', 'k']);
});
