import fc from 'fast-check';
import { expect, test } from 'vitest';
import { captureName, extensionOf, safeName, uniqueNames } from '../../../scripts/captures/safe-name.ts';
import { captureLineOf } from '../../helpers/capture-files.ts';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[./\\-]{0,12}$/), fc.stringMatching(/^[a-z./]{0,200}$/));

test('any id gives one name that stays in its folder', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(safeName(text)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/);
      expect(safeName(text)).not.toContain('..');
      expect(captureName({ line: captureLineOf({ id: text }), key: 'k', lineNumber: 1 })).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}-[0-9a-f]{8}$/);
    }),
  );
  expect(safeName('../../etc/passwd')).toBe('etc-passwd');
  expect(safeName('2023-03-14_cam.1')).toBe('2023-03-14_cam.1');
});

test('names tell captures apart, but do not depend on where the store was opened', () => {
  const line = captureLineOf({ id: 'a' });
  const name = captureName({ line, key: 'fleet/x.jsonl', lineNumber: 1 });
  expect(captureName({ line, key: 'x.jsonl', lineNumber: 1 })).toBe(name);
  expect(captureName({ line, key: 'x.jsonl', lineNumber: 2 })).not.toBe(name);
  expect(captureName({ line: captureLineOf({ id: 'A' }), key: 'x.jsonl', lineNumber: 1 }).slice(-8)).not.toBe(name.slice(-8));
});

test('files of a folder have names of their own', () => {
  const nameFor = uniqueNames(['capture.json']);
  const wanted = [['capture', 'json'], ['capture.json', 'json'], ['x', 'npy'], ['X', 'npy'], ['x', 'bin'], ['../x', 'npy'], ['x.npy', 'npy'], ['', 'npy']] as const;
  expect(wanted.map(([name, extension]) => nameFor(name, extension))).toEqual(['capture-2.json', 'capture-3.json', 'x.npy', 'X-2.npy', 'x.bin', 'x-3.npy', 'x-4.npy', 'unnamed.npy']);
});

test.each([
  ['jpg', 'BASE64', 'jpg'],
  ['image/JPEG', 'NONE', 'jpeg'],
  ['../x', 'NONE', 'bin'],
  ['ninechars', 'JSON', 'json'],
  ['text/csv', 'CSV', 'csv'],
] as const)('the extension of %s, %s', (observedContentType, encoding, extension) => {
  expect(extensionOf({ name: 'x', mode: 'Input', observedContentType, encoding })).toBe(extension);
});
