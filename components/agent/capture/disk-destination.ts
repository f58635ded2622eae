import { constants } from 'node:fs';
import { mkdir, open, rename, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isNoRoom } from '../../common/disk-room.ts';
import { hasCode, messageOf } from '../../common/errors.ts';
import type { CaptureObject } from './captured-objects.ts';
import { checkKey, DeliveryError, type Destination } from './destination.ts';

export type DiskOptions = {
  readonly folder: string;
  /** What the disk must have left after an object was written. */
  readonly freeFloorBytes: number;
};

/** Beside the objects, on the same disk: files that are being written. No key begins like this, for no FolderPrefix has a tilde. */
export const draftFolderName = '.partial~';
/** Whoever tidies up may take an empty folder away before the object is in it. */
const mostMoves = 3;

/** Objects as files below a folder, each there in whole or not at all. */
export async function openDiskDestination({ folder, freeFloorBytes }: DiskOptions): Promise<Destination> {
  const root = resolve(folder);
  const drafts = join(root, draftFolderName);
  let drafted = 0;
  const put = async ({ key, body }: CaptureObject, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    const path = pathOf(root, key);
    drafted += 1;
    const draft = join(drafts, `${process.pid}-${drafted}`);
    try {
      await makeDurableFolder(root, drafts);
      await checkRoom(drafts, body.length, freeFloorBytes);
      await writeDurably(draft, body);
      await move(root, draft, path);
    } catch (error) {
      // What cannot be removed now, with the disk out of order, goes with the next start.
      await rm(draft, { force: true }).catch(() => undefined);
      throw error instanceof DeliveryError ? error : deliveryError(root, error);
    }
  };
  // What a process left that was killed while it wrote. A folder that cannot be used says so with the first object.
  await rm(drafts, { recursive: true, force: true }).catch(() => undefined);
  return { name: root, urlOf: (key) => pathToFileURL(pathOf(root, key)).href, put };
}

function pathOf(root: string, key: string): string {
  checkKey(key);
  return join(root, key);
}

async function writeDurably(path: string, body: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o640);
  try {
    for (let written = 0; written < body.length; ) written += (await file.write(body, written)).bytesWritten;
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Gives a draft its place, and makes that durable. */
async function move(root: string, draft: string, path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await makeDurableFolder(root, dirname(path));
      await rename(draft, path);
      break;
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || attempt === mostMoves) throw error;
    }
  }
  await syncFolder(dirname(path));
}

/** Makes a folder below the root, and its name as durable as what will be in it. */
async function makeDurableFolder(root: string, folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o750 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length && made.length >= root.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.sync();
  } catch (error) {
    // A folder above the root may be one that others own, and one below it may have been emptied and taken away again.
    if (!hasCode(error, 'EACCES', 'EPERM', 'ENOENT')) throw error;
  } finally {
    await handle?.close();
  }
}

async function checkRoom(folder: string, bytes: number, freeFloorBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const left = bavail * bsize - bytes;
  if (left < freeFloorBytes) throw new DeliveryError('refused', `The disk of ${folder} has ${bavail * bsize} bytes left; ${bytes} are to be written and ${freeFloorBytes} stay free (CaptureFreeDiskMegabytes). Make room.`);
}

function deliveryError(root: string, error: unknown): DeliveryError {
  const remedy = isNoRoom(error) ? 'Make room on the disk' : hasCode(error, 'EACCES', 'EPERM', 'EROFS') ? 'Give the agent the right to write there' : 'Check the disk, and CaptureDataDiskPath';
  return new DeliveryError('refused', `${root} cannot be written: ${messageOf(error)}. ${remedy}.`, { cause: error });
}
