import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { openFolderStore } from '../../../scripts/captures/folder-store.ts';
import { captureKey, put } from '../../helpers/capture-files.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const from = captureKey();
const beside = `${dirname(from)}/raw-data/input-tensors/x.bin`;

async function keysOf(folder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of (await openFolderStore(folder)).objects()) keys.push(key);
  return keys;
}

test('objects come sorted by key, without raw data and links', async () => {
  const folder = await temporaryFolder();
  const keys = [captureKey({ model: 'b' }), captureKey({ model: 'a', at: '2023-03-14T17:00:00' }), captureKey({ model: 'a' }), captureKey({ model: 'raw-data' }), 'a-.jsonl', 'z.jsonl'];
  for (const key of keys) await put(folder, key, 'x');
  for (const key of [beside, `${beside}.jsonl`, `${dirname(from)}/notes.txt`]) await put(folder, key, 'x');
  const elsewhere = await temporaryFolder();
  const path = await put(elsewhere, 'x.jsonl', 'x');
  await symlink(elsewhere, join(folder, 'link'));
  await symlink(path, join(folder, 'link.jsonl'));
  expect(await keysOf(folder)).toEqual(keys.toSorted());
  // From within, too.
  expect(await keysOf(join(folder, 'sme-capture/fleet'))).toHaveLength(4);
  expect(await keysOf(join(folder, dirname(from)))).toEqual([]);
});

test('a reference leads into the folder, also through a link to it', async () => {
  const folder = await temporaryFolder();
  const path = await put(folder, 'anywhere/100% x#1.bin', 'data');
  const link = join(await temporaryFolder(), 'link');
  await symlink(folder, link);
  for (const root of [folder, link, join(folder, 'anywhere')]) {
    const store = await openFolderStore(root);
    for (const named of [path, path.replace(folder, link)]) expect(await store.readReference({ reference: pathToFileURL(named).href, from })).toEqual(Buffer.from('data'));
  }
});

test('a copied folder finds its data beside the line', async () => {
  const [before, after] = [join(await temporaryFolder(), 'raw-data/capture'), await temporaryFolder()];
  // The original may be on this machine, too, and go on.
  const path = await put(before, beside, 'changed');
  await put(after, beside, 'data');
  const store = await openFolderStore(after);
  for (const reference of [pathToFileURL(path).href, `s3://bucket/${beside}`]) expect(await store.readReference({ reference, from })).toEqual(Buffer.from('data'));
  // At any level the store may be opened at.
  const hour = await openFolderStore(join(after, dirname(from)));
  expect(await hour.readReference({ reference: pathToFileURL(path).href, from: 'one.jsonl' })).toEqual(Buffer.from('data'));
});

test('no reference leads out of the folder', async () => {
  const [around, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
  const folder = join(around, 'captures');
  const secret = await put(elsewhere, 'secret', 'secret');
  const twin = await put(`${folder}-twin`, 'secret', 'secret');
  await put(folder, 'x', 'x');
  await mkdir(join(folder, dirname(beside)), { recursive: true });
  await symlink(secret, join(folder, beside));
  await symlink(elsewhere, join(folder, 'link'));
  const store = await openFolderStore(folder);
  const up = '../'.repeat(20);
  const references = [
    pathToFileURL(secret).href,
    pathToFileURL(twin).href,
    'file:///etc/passwd',
    `file://${folder}/${up}${secret.slice(1)}`,
    `file://${folder}/%2e%2e/%2e%2e/${secret.slice(1)}`,
    `file://${folder}/link/secret`,
    `file:///gone/${beside}`,
    `file://${folder}/${beside}`,
    `s3://bucket/raw-data/${up}${secret.slice(1)}`,
    `s3://bucket/raw-data/./x`,
    `file://${folder}`,
  ];
  for (const reference of references) await expect(store.readReference({ reference, from }), reference).rejects.toMatchObject({ name: 'FescueError', message: expect.stringMatching(/outside of /) as string });
  await expect(store.read('link/secret')).rejects.toThrow(/leads outside of/);
  await expect(store.read(`../../${elsewhere.split('/').at(-1)}/secret`)).rejects.toThrow(/leads outside of/);
  for (const reference of ['', 'x', 'http://host/x', 's3://bucket', 'file://host/x', 'file:///%2Fx', `file://${folder}/a%00b`]) await expect(store.readReference({ reference, from }), reference).rejects.toMatchObject({ name: 'FescueError', kind: 'invalid-argument' });
});

test('what is not there is named', async () => {
  const folder = await temporaryFolder();
  const file = await put(folder, 'file', 'x');
  await expect(openFolderStore(join(folder, 'nowhere'))).rejects.toThrow(/There is nothing at .*nowhere/);
  await expect(openFolderStore(file)).rejects.toThrow(/file is a file/);
  const store = await openFolderStore(folder);
  await expect(store.readReference({ reference: `file://${store.name}/gone`, from })).rejects.toThrow(new RegExp(`${from} refers to .*/gone, which is not there`));
  await expect(store.read('gone.jsonl')).rejects.toMatchObject({ kind: 'not-found' });
});
