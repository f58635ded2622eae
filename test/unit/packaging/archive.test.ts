import { chmod, mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { list } from 'tar';
import { expect, test } from 'vitest';
import { digestOfEntries, writeArchive, type ArchiveEntry } from '../../../scripts/packaging/archive.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const modes: [number, number][] = [[0o644, 0o755], [0o600, 0o700], [0o777, 0o777]];

/** A file and a folder with a link in it, as someone with these modes would have them. */
async function entriesWith([fileMode, folderMode]: [number, number]): Promise<ArchiveEntry[]> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'inner'));
  for (const name of ['tool', 'inner/b', 'inner/a']) {
    await writeFile(join(folder, name), name);
    await chmod(join(folder, name), fileMode);
    await utimes(join(folder, name), fileMode, folderMode);
  }
  await symlink(join(folder, 'tool'), join(folder, 'inner/link'));
  await chmod(join(folder, 'inner'), folderMode);
  return [{ name: 'things', from: join(folder, 'inner') }, { name: 'bin/tool', from: join(folder, 'tool'), executable: true }];
}

async function archiveOf(entries: readonly ArchiveEntry[]): Promise<string> {
  const folder = await temporaryFolder();
  await writeArchive(join(folder, 'archive.tar.gz'), entries, join(folder, 'staging'));
  return join(folder, 'archive.tar.gz');
}

test('an archive and its digest depend on names and bytes alone', async () => {
  const all = await Promise.all(modes.map(entriesWith));
  const archives = await Promise.all(all.map(async (entries) => readFile(await archiveOf(entries), 'hex')));
  expect(new Set(archives).size).toBe(1);
  expect(new Set(await Promise.all(all.map(digestOfEntries))).size).toBe(1);
});

test('an archive has its files in order, none of them a link, and only what is executable so', async () => {
  const found: [string, string, number][] = [];
  await list({ file: await archiveOf(await entriesWith([0o600, 0o700])), onReadEntry: ({ path, type, mode = 0 }) => void found.push([path, type, mode]) });
  expect(found).toEqual([['bin/tool', 'File', 0o755], ['things/a', 'File', 0o644], ['things/b', 'File', 0o644], ['things/link', 'File', 0o644]]);
});

test.each<[string, (entries: ArchiveEntry[]) => Promise<ArchiveEntry[]> | ArchiveEntry[]]>([
  ['a name', ([first, tool]) => [first, { ...tool, name: 'bin/other' }] as ArchiveEntry[]],
  ['what is executable', ([first, tool]) => [first, { ...tool, executable: false }] as ArchiveEntry[]],
  ['a byte', async (entries) => (await writeFile(join(entries[0]?.from ?? '', 'a'), 'A'), entries)],
  ['a further file', async (entries) => (await writeFile(join(entries[0]?.from ?? '', 'c'), ''), entries)],
])('the digest changes with %s', async (_, change) => {
  const entries = await entriesWith([0o644, 0o755]);
  const before = await digestOfEntries(entries);
  expect(await digestOfEntries(await change(entries))).not.toBe(before);
});
