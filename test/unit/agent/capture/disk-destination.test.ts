import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { draftFolderName, openDiskDestination } from '../../../../components/agent/capture/disk-destination.ts';
import { removeEmptyFolders } from '../../../../components/agent/capture/empty-folders.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const never = new AbortController().signal;
const object = { key: 'p/f/m/2023/03/14/16/a.jsonl', body: Buffer.from('content\n'), contentType: 'application/x-ndjson' };

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o7777).toString(8);
}

describe('rights', () => {
  test('files and folders are for their owner and group, as far as the umask lets them', async () => {
    const folder = join(await temporaryFolder(), 'capture');
    const disk = await openDiskDestination({ folder, freeFloorBytes: 0 });
    await disk.put(object, never);
    const umask = process.umask();
    expect(await modeOf(fileURLToPath(disk.urlOf(object.key)))).toBe((0o640 & ~umask).toString(8));
    for (let path = dirname(fileURLToPath(disk.urlOf(object.key))); path.length >= folder.length; path = dirname(path)) expect(await modeOf(path)).toBe((0o750 & ~umask).toString(8));
    expect(await modeOf(join(folder, draftFolderName))).toBe((0o750 & ~umask).toString(8));
  });
});

test('what a killed process left half written is gone after the start, and everything else is left alone', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, draftFolderName));
  await writeFile(join(folder, draftFolderName, '1-1'), 'half');
  await writeFile(join(folder, 'notes.txt'), 'mine');
  const disk = await openDiskDestination({ folder, freeFloorBytes: 0 });
  expect(await readdir(folder)).toEqual(['notes.txt']);
  await disk.put(object, never);
  expect(await readdir(join(folder, draftFolderName))).toEqual([]);
});

describe('a folder that cannot be used', () => {
  test('is told when it is below a file, and used as soon as it can be', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    const disk = await openDiskDestination({ folder: join(file, 'capture'), freeFloorBytes: 0 });
    await expect(disk.put(object, never)).rejects.toMatchObject({ fault: 'refused', kind: 'failed-precondition', message: expect.stringMatching(/^\/.*file\/capture cannot be written: ENOTDIR.*\. Check the disk, and CaptureDataDiskPath\.$/) as string });
    await rm(file);
    await disk.put(object, never);
    expect(await readFile(new URL(disk.urlOf(object.key)), 'utf8')).toBe('content\n');
  });

  test('is told when a file takes its place, and used again after that', async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, 'capture');
    const disk = await openDiskDestination({ folder, freeFloorBytes: 0 });
    await disk.put(object, never);
    await rename(folder, join(parent, 'away'));
    await writeFile(folder, 'a file');
    await expect(disk.put(object, never)).rejects.toMatchObject({ fault: 'refused' });
    expect(await readFile(folder, 'utf8')).toBe('a file');
    await rm(folder);
    await disk.put(object, never);
    expect(await readFile(new URL(disk.urlOf(object.key)), 'utf8')).toBe('content\n');
  });

  test('is told when a folder is where the object should be, and no draft is left', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, object.key, 'in-the-way'), { recursive: true });
    const disk = await openDiskDestination({ folder, freeFloorBytes: 0 });
    await expect(disk.put(object, never)).rejects.toMatchObject({ fault: 'refused', message: expect.stringContaining('cannot be written') as string });
    expect(await readdir(join(folder, draftFolderName))).toEqual([]);
  });
});

test('a disk keeps what it has to have left', async () => {
  const folder = await temporaryFolder();
  const disk = await openDiskDestination({ folder, freeFloorBytes: Number.MAX_SAFE_INTEGER });
  await expect(disk.put(object, never)).rejects.toMatchObject({ fault: 'refused', message: expect.stringMatching(/has \d+ bytes left; 8 are to be written and 9007199254740991 stay free \(CaptureFreeDiskMegabytes\)\. Make room\./) as string });
  expect(await readdir(folder, { recursive: true })).toEqual([draftFolderName]);
});

test('folders may be tidied away while objects are written', async () => {
  const folder = await temporaryFolder();
  const disk = await openDiskDestination({ folder, freeFloorBytes: 0 });
  for (let round = 0; round < 60; round += 1) {
    const one = { ...object, key: `p/f/m/2023/03/14/${round}/raw-data/input-tensors/a` };
    const tidy = async (): Promise<void> => removeEmptyFolders(folder, { beforeMs: Infinity, except: draftFolderName });
    await Promise.all([disk.put(one, never), tidy().then(tidy)]);
    expect(await readFile(new URL(disk.urlOf(one.key)), 'utf8')).toBe('content\n');
  }
});
