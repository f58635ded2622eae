import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extentOfMatch, type Glob, globOf, type Piece } from '../../../scripts/policy/glob.ts';

/** One way after the other, as a person would say what a wildcard is. */
function matches([first, ...rest]: Glob, text: string): boolean {
  if (first === undefined) return text === '';
  if (typeof first === 'string') return text.startsWith(first) && matches(rest, text.slice(1));
  const taken = text !== '' && (first.colons || !text.startsWith(':'));
  if (!first.many) return taken && matches(rest, text.slice(1));
  return matches(rest, text) || (taken && matches([first, ...rest], text.slice(1)));
}

/** All texts of these letters up to this length. */
function textsOf(letters: string, length: number): string[] {
  if (length === 0) return [''];
  const shorter = textsOf(letters, length - 1);
  return [...shorter, ...shorter.filter((text) => text.length === length - 1).flatMap((text) => Array.from(letters, (letter) => text + letter))];
}

const piece: fc.Arbitrary<Piece> = fc.oneof(fc.constantFrom('a', ':'), fc.record({ many: fc.boolean(), colons: fc.boolean() }));
const pattern = (maxLength: number): fc.Arbitrary<Glob> => fc.array(piece, { maxLength });

test('a text is matched as by trying every way', () => {
  fc.assert(
    fc.property(pattern(8), fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 8 }), (glob, text) => {
      expect(extentOfMatch(glob, Array.from(text))).toBe(matches(glob, text) ? 'always' : 'never');
    }),
    { numRuns: 2_000 },
  );
});

test('a pattern is compared by the texts that it stands for', () => {
  const texts = textsOf('ab:', 6);
  fc.assert(
    fc.property(pattern(3), pattern(3), (glob, asked) => {
      const meant = texts.filter((text) => matches(asked, text));
      const extent = extentOfMatch(glob, asked);
      if (extent === 'always') expect(meant.filter((text) => !matches(glob, text))).toEqual([]);
      expect(extent === 'never').toBe(!meant.some((text) => matches(glob, text)));
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['*', '*', 'always'],
  ['a*', 'ab*', 'always'],
  ['a*c', 'a*bc', 'always'],
  ['ab*', 'a*', 'sometimes'],
  ['*b', 'a*', 'sometimes'],
  ['b*', 'a*', 'never'],
  ['a?', 'a*', 'sometimes'],
  ['a?', 'a?', 'always'],
  ['?', '', 'never'],
  ['', '', 'always'],
  ['💡?', '💡💡', 'always'],
] as const)('%j for %j: %s', (glob, asked, extent) => {
  expect(extentOfMatch(globOf(glob), globOf(asked))).toBe(extent);
});

test('a pattern made to be slow is answered', () => {
  expect(extentOfMatch(globOf('*'.repeat(200_000)), globOf('a'.repeat(1_000)))).toBe('always');
  const hostile = globOf(`${'*a'.repeat(500)}*b`);
  expect(extentOfMatch(hostile, Array.from('a'.repeat(2_000)))).toBe('never');
  expect(extentOfMatch(globOf('*a'.repeat(200)), globOf(`${'a*'.repeat(200)}b`))).toBe('never');
});
