import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellQuote } from '../../../scripts/deploy/quote.ts';

/** What a real shell makes of the line. */
function takenApart(line: string): string[] {
  const printed = execFileSync('sh', ['-c', line], { env: { PATH: process.env['PATH'], HOME: '/home/of/nobody' } });
  return printed.toString().split('\0').slice(0, -1);
}

test('a shell takes the line apart into exactly the same arguments', () => {
  const special = fc.constantFrom("'", '"', '\\', '$', '`', ' ', '\n', '\t', ';', '&', '|', '*', '?', '~', '#', '!', '(', ')', '{', '}', '<', '>', '=', '-', 'é', '%');
  const word = fc.array(fc.oneof(special, fc.string({ unit: 'grapheme', maxLength: 3 })), { maxLength: 8 }).map((parts) => parts.join('').replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      expect(takenApart(shellQuote(['printf', '%s\\0', '', ...words]))).toEqual(['', ...words]);
    }),
    { numRuns: 150 },
  );
});

test.each([
  ['$(touch /tmp/x)', "'$(touch /tmp/x)'"],
  ["it's", `'it'\\''s'`],
  ['', "''"],
  ['~/file', "'~/file'"],
  ['/greengrass/v2/bin/greengrass-cli', '/greengrass/v2/bin/greengrass-cli'],
  ['com.example.Camera=1.2.0', 'com.example.Camera=1.2.0'],
])('%j is %s', (text, quoted) => {
  expect(shellQuote(['x', text])).toBe(`x ${quoted}`);
});

test('a first word with an equals sign is no assignment', () => {
  expect(shellQuote(['A=b', 'c'])).toBe("'A=b' c");
});

test('a null character is refused', () => {
  expect(() => shellQuote(['a\0b'])).toThrow(/"a\\u0000b" cannot be an argument/);
});
