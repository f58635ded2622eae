import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LineSplitter, LogFile } from '../../../scripts/local-nucleus/log-file.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

test('output is cut into lines, whatever the pieces it comes in', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  const bytes = Buffer.from('grün\nzwei\r\n\n  drei \rvier');
  for (const byte of bytes) splitter.push(Uint8Array.of(byte));
  splitter.end();
  expect(lines).toEqual(['grün', 'zwei', 'drei', 'vier']);
});

test('a line without an end does not fill the memory', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (let n = 0; n < 5; n += 1) splitter.push(Buffer.alloc(10_000, 'x'));
  splitter.end();
  expect(lines.join('').length).toBe(50_000);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(16 * 1024);
});

test('a full log file is set aside', async () => {
  const path = join(await temporaryFolder(), 'one.log');
  const log = new LogFile(path);
  for (let n = 0; n < 130; n += 1) log.write('INFO', 'stdout', `${n} ${'x'.repeat(10_000)}`);
  const [now, before] = [await readFile(path, 'utf8'), await readFile(`${path}.1`, 'utf8')];
  expect(now.length + before.length).toBeGreaterThan(1_300_000);
  expect(before.length).toBeLessThanOrEqual(1024 ** 2);
  expect(now.trimEnd().split('\n').at(-1)).toMatch(/INFO  \[stdout\] 129 x/);
});
