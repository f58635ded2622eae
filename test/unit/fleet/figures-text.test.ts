import { expect, test } from 'vitest';
import { durationText, figureText, momentText, shareText } from '../../../scripts/fleet/figures-text.ts';

test.each([[0, '0 s'], [59, '59 s'], [90, '2 min'], [5_400, '1.5 h'], [200_000, '2.3 d']])('%i seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test.each([[0, 0, '–'], [0, 10, '0.0 %'], [1, 100_000, '< 0.1 %'], [99_999, 100_000, '> 99.9 %'], [10, 10, '100.0 %'], [1, 3, '33.3 %']])('%i of %i are %s', (part, all, text) => {
  expect(shareText(part, all)).toBe(text);
});

test.each([
  [1.23456, 'ms', '1.23 ms'],
  [12_345.6, 'ms', '12,346 ms'],
  [180, 'percent', '180 %'],
  [1.7e308, 'percent', '1.7e+308 %'],
  [3 * 1024 ** 3, 'bytes', '3.0 GiB'],
  [900, 'bytes', '900 B'],
  [0, 'bytes', '0 B'],
  [1_234_567, 'count', '1,234,567'],
  [-12.34, 'celsius', '-12.3 °C'],
  [null, 'celsius', '–'],
] as const)('%d in %s is %s', (value, unit, text) => {
  expect(figureText(value, unit)).toBe(text);
});

test.each([[1_800_000_000, '2027-01-15T08:00:00Z'], [0, '1970-01-01T00:00:00Z'], [null, 'never'], [Number.MAX_SAFE_INTEGER, '9007199254740991 s since 1970']])('the moment %d is %s', (seconds, text) => {
  expect(momentText(seconds)).toBe(text);
});
