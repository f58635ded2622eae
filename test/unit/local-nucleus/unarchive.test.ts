import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { unarchive } from '../../../scripts/local-nucleus/unarchive.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

async function extract(zip: Uint8Array, limits?: { maxEntries: number; maxBytes: number }): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.zip'), zip);
  await unarchive({ zip: join(folder, 'a.zip'), folder: join(folder, 'out'), mode: 0o444, ...(limits === undefined ? {} : { limits }) });
  return join(folder, 'out');
}

test('files come out with their content and the mode asked for', async () => {
  const big = new Uint8Array(300_000).map((_, index) => (index * 31) % 251);
  const out = await extract(zipSync({ 'a/b.txt': strToU8('text'), 'big.bin': big, 'stored.bin': [big, { level: 0 }] }));
  expect(await readFile(join(out, 'a/b.txt'), 'utf8')).toBe('text');
  expect(Buffer.compare(await readFile(join(out, 'big.bin')), big)).toBe(0);
  expect(Buffer.compare(await readFile(join(out, 'stored.bin')), big)).toBe(0);
  expect((await stat(join(out, 'big.bin'))).mode & 0o111).toBe(0);
});

test.each([['../escape'], ['/absolute'], ['a/../../b'], ['a\\b']])('an entry called %s is refused', async (name) => {
  await expect(extract(zipSync({ [name]: strToU8('x') }))).rejects.toThrow(/would be written outside the target folder/);
});

test('a damaged, an empty and an oversized archive are refused', async () => {
  await expect(extract(strToU8('this is no archive at all'))).rejects.toThrow(/a\.zip cannot be extracted/);
  await expect(extract(zipSync({ a: new Uint8Array(1000) }), { maxEntries: 10, maxBytes: 500 })).rejects.toThrow(/larger than 500 bytes/);
  await expect(extract(zipSync({ a: strToU8('x'), b: strToU8('y') }), { maxEntries: 1, maxBytes: 500 })).rejects.toThrow(/more than 1 entries/);
});
