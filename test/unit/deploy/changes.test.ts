import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Changes, watchChanges } from '../../../scripts/deploy/changes.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

async function useChanges(signal = new AbortController().signal): Promise<{ changes: Changes; folder: string }> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'node_modules'));
  await writeFile(join(folder, 'kept.ts'), '1');
  const changes = await watchChanges({ paths: [folder], quietMs: 50, signal });
  onTestFinished(async () => changes.close());
  return { changes, folder };
}

test('several files that are saved together are one change', async () => {
  const { changes, folder } = await useChanges();
  for (const name of ['kept.ts', 'new.ts', 'node_modules/x.js', 'kept.ts~', '.kept.ts.swp']) await writeFile(join(folder, name), '2');
  expect(await changes.next()).toEqual([join(folder, 'kept.ts'), join(folder, 'new.ts')]);
});

test('what is saved while nobody waits is the next change', async () => {
  const { changes, folder } = await useChanges();
  await writeFile(join(folder, 'kept.ts'), '2');
  await changes.next();
  await writeFile(join(folder, 'kept.ts'), '3');
  expect(await changes.next()).toEqual([join(folder, 'kept.ts')]);
});

test('waiting ends with the signal', async () => {
  const stop = new AbortController();
  const { changes } = await useChanges(stop.signal);
  const next = changes.next();
  stop.abort();
  expect(await next).toEqual([]);
});
