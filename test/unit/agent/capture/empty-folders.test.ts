import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeEmptyFolders } from '../../../../components/agent/capture/empty-folders.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const now = Date.UTC(2023, 2, 14, 16);

async function foldersOf(...paths: string[]): Promise<string> {
  const root = await temporaryFolder();
  for (const path of paths) await mkdir(join(root, path), { recursive: true });
  return root;
}

async function touch(root: string, path: string, atMs: number): Promise<void> {
  await utimes(join(root, path), atMs / 1000, atMs / 1000);
}

test('empty folders go, with those that only held such', async () => {
  const root = await foldersOf('a/b/c/raw-data/input-tensors', 'a/b/d', 'e/f');
  await writeFile(join(root, 'e/f/file'), '');
  await removeEmptyFolders(root, { beforeMs: Infinity });
  expect((await readdir(root, { recursive: true })).toSorted()).toEqual(['e', 'e/f', 'e/f/file']);
});

test('folders stay that were changed lately, and what they are in', async () => {
  const root = await foldersOf('old/hour', 'old/new');
  await touch(root, 'old/hour', now - 1);
  await touch(root, 'old/new', now + 1);
  await touch(root, 'old', now - 1);
  await removeEmptyFolders(root, { beforeMs: now });
  expect((await readdir(root, { recursive: true })).toSorted()).toEqual(['old', 'old/new']);
});

test('the one that is excepted stays, and so do links', async () => {
  const root = await foldersOf('drafts', 'a/drafts', 'target');
  await writeFile(join(root, 'target/file'), '');
  await symlink(join(root, 'target'), join(root, 'link'));
  await removeEmptyFolders(root, { beforeMs: Infinity, except: 'drafts' });
  expect((await readdir(root)).toSorted()).toEqual(['drafts', 'link', 'target']);
});

test('there may be no folder', async () => {
  await expect(removeEmptyFolders(join(await temporaryFolder(), 'none'), { beforeMs: Infinity })).resolves.toBeUndefined();
});
