import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffLines } from '../../../scripts/setup/diff.ts';

function text(before: string | undefined, after: string | undefined): string {
  return diffLines(before, after).map(({ sign, text: line }) => `${sign}${line}`).join('|');
}

test.each([
  ['nothing becomes something', undefined, 'a\nb', '+a|+b'],
  ['something becomes nothing', 'a\nb', undefined, '-a|-b'],
  ['the same stays', 'a\nb', 'a\nb', ' a| b'],
  ['a line in the middle', 'a\nb\nc', 'a\nx\nc', ' a|-b|+x| c'],
  ['lines at both ends', 'b', 'a\nb\nc', '+a| b|+c'],
  ['one of two that are alike', 'a\na\nb', 'a\nb', ' a|-a| b'],
])('%s', (_name, before, after, expected) => {
  expect(text(before, after)).toBe(expected);
});

test('what stays and goes is the old text, what stays and comes the new one', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', '{', '}'), { minLength: 1, maxLength: 12 }).map((all) => all.join('\n'));
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const diff = diffLines(before, after);
      const without = (sign: string): string => diff.filter((line) => line.sign !== sign).map((line) => line.text).join('\n');
      expect(without('+')).toBe(before);
      expect(without('-')).toBe(after);
    }),
  );
});
