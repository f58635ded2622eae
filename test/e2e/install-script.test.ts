import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import { writeArchive } from '../../scripts/packaging/archive.ts';
import { withFileLimit } from '../helpers/file-limit.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const run = promisify(execFile);
const script = resolve('components/common/install.sh');

let folder = '';
let work = '';

beforeEach(async () => {
  folder = await temporaryFolder();
  work = join(folder, 'work');
  await mkdir(work);
});

/** An archive of files with the given content. */
async function archiveOf(files: Record<string, string>): Promise<string> {
  const source = join(folder, 'source');
  await rm(source, { recursive: true, force: true });
  await mkdir(source);
  const entries = Object.entries(files).map(([name], index) => ({ name, from: join(source, String(index)), executable: name.startsWith('bin/') }));
  for (const [index, content] of Object.values(files).entries()) await writeFile(join(source, String(index)), content);
  const archive = join(folder, 'archive.tar.gz');
  await writeArchive(archive, entries, join(folder, 'staging'));
  return archive;
}

const install = async (archive: string): Promise<unknown> => run('sh', [script, archive], { cwd: work });
const visible = async (): Promise<string[]> => (await readdir(work)).filter((name) => !name.startsWith('.')).toSorted();

test('unpacks with mode bits, and does nothing the second time', async () => {
  const archive = await archiveOf({ 'bin/tool': '#!/bin/sh', 'a file': 'text' });
  await install(archive);
  expect(await visible()).toEqual(['a file', 'bin']);
  expect((await stat(join(work, 'bin/tool'))).mode & 0o111).toBe(0o111);
  await writeFile(join(work, 'a file'), 'touched');
  await install(archive);
  expect(await readFile(join(work, 'a file'), 'utf8')).toBe('touched');
});

test('replaces an older content of the same size, and leaves the own files of the component', async () => {
  await install(await archiveOf({ same: 'old', gone: 'x', 'folder/inner': 'x' }));
  await writeFile(join(work, 'own.db'), 'data');
  await install(await archiveOf({ same: 'new', added: 'y' }));
  expect(await visible()).toEqual(['added', 'own.db', 'same']);
  expect(await readFile(join(work, 'same'), 'utf8')).toBe('new');
});

test('starts again after it was interrupted', async () => {
  const archive = await archiveOf({ one: '1', two: '2' });
  await install(archive);
  // As it looks between the two moves.
  await rm(join(work, '.installed'));
  await rm(join(work, 'two'));
  await mkdir(join(work, '.unpacked'));
  await writeFile(join(work, '.unpacked/two'), 'half');
  await install(archive);
  expect(await visible()).toEqual(['one', 'two']);
  expect(await readFile(join(work, 'two'), 'utf8')).toBe('2');
});

test('fails when there is no archive, or a damaged one, and can be repeated', async () => {
  await expect(install(join(folder, 'nowhere.tar.gz'))).rejects.toThrow();
  const archive = await archiveOf({ one: '1' });
  const good = await readFile(archive);
  await writeFile(archive, good.subarray(0, good.length / 2));
  await expect(install(archive)).rejects.toThrow();
  await writeFile(archive, good);
  await install(archive);
  expect(await visible()).toEqual(['one']);
});

test('takes what it has unpacked away when the disk is full, leaves the older version, and can be repeated', async () => {
  await install(await archiveOf({ one: 'old' }));
  const archive = await archiveOf({ one: 'new', 'b/large': 'x'.repeat(1_000_000) });
  const [program, ...args] = withFileLimit(500_000, ['sh', script, archive]);
  await expect(run(program, args, { cwd: work })).rejects.toMatchObject({ code: expect.toSatisfy((code: number) => code > 0) as number, stderr: expect.stringMatching(/install\.sh: .*archive\.tar\.gz is not installed; the next start tries again/) as string });
  expect((await readdir(work)).toSorted()).toEqual(['.contents', 'one']);
  expect(await readFile(join(work, 'one'), 'utf8')).toBe('old');
  await install(archive);
  expect(await visible()).toEqual(['b', 'one']);
});

test('archives of the same files are the same bytes', async () => {
  const first = await readFile(await archiveOf({ b: '1', 'a/c': '2' }));
  await new Promise((done) => setTimeout(done, 1_100));
  expect(Buffer.compare(first, await readFile(await archiveOf({ b: '1', 'a/c': '2' })))).toBe(0);
});
