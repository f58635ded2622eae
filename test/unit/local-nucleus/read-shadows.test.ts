import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readShadows } from '../../../scripts/local-nucleus/read-shadows.ts';
import { ShadowStore } from '../../../scripts/local-nucleus/shadow-store.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const documentOf = (name: string): { state: { reported: { name: string } }; metadata: object; version: number } => ({ state: { reported: { name } }, metadata: {}, version: 2 });

async function read(root: string): Promise<{ found: Map<string, unknown>; notes: string[] }> {
  const found = new Map<string, unknown>();
  const notes: string[] = [];
  for await (const { thing, document } of readShadows({ root, shadow: 'fescue', onNote: (text) => notes.push(text) })) found.set(thing, JSON.parse(document));
  return { found, notes };
}

test('the shadows of one name are read from a root, without others, deleted ones and damaged files', async () => {
  const root = await temporaryFolder();
  const folder = join(root, 'shadows');
  const store = new ShadowStore(folder);
  store.load(() => undefined);
  store.set({ thing: 'camera-1', shadow: 'fescue' }, 2, documentOf('one'));
  store.set({ thing: 'camera-1', shadow: '' }, 2, documentOf('classic'));
  store.set({ thing: 'a:b_C', shadow: 'fescue' }, 2, documentOf('two'));
  store.set({ thing: 'other', shadow: 'door' }, 2, documentOf('other'));
  store.set({ thing: 'gone', shadow: 'fescue' }, 2, undefined);
  await writeFile(join(folder, 'half.json'), '[{"shadow":');
  await writeFile(join(folder, 'camera-1.json.new'), 'being written');
  const { found, notes } = await read(root);
  expect(found).toEqual(new Map([['camera-1', documentOf('one')], ['a:b_C', documentOf('two')]]));
  expect(notes).toEqual([expect.stringMatching(/half\.json cannot be read as shadows: it is no JSON/)]);
});

test('a root without shadows has none, and one that is not there is told', async () => {
  const root = await temporaryFolder();
  expect((await read(root)).found.size).toBe(0);
  await mkdir(join(root, 'shadows'));
  expect((await read(root)).found.size).toBe(0);
  await expect(read(join(root, 'nowhere'))).rejects.toMatchObject({ kind: 'not-found', message: expect.stringMatching(/There is no local nucleus at .*nowhere\. Start one/) as string });
});
