import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { hasCode } from '../../../../components/common/errors.ts';
import { readableBytes } from '../../../commands/readable-bytes.ts';
import type { Check, Verdict } from '../../check.ts';
import { fail, ok, warning } from '../../verdict.ts';
import type { DeviceContext, DeviceView } from '../device-view.ts';

const megabyte = 1024 ** 2;
/** An update is unpacked beside what it replaces. */
const updateBytes = 300 * megabyte;

export const diskCheck: Check<DeviceContext> = {
  name: 'disk',
  title: 'The disk of the agent takes writes, and has room',
  meaning: 'Captures are refused, or the next update cannot be unpacked.',
  run: async ({ device }) => {
    const folder = await nearest(spoolRootOf(device));
    const problem = await writeProblem(folder);
    if (problem !== undefined) return problem;
    const { bavail, bsize, files, ffree } = await statfs(folder);
    if (files > 0 && ffree === 0) return fail(`no file can be made on the disk of ${folder}: its inodes are used up`, `Remove files: sudo du --inodes -x ${folder} | sort -n | tail`);
    return roomVerdict({ folder, freeBytes: bavail * bsize, spooledBytes: await sizeBelow(join(folder, 'capture-spool')), ...limitsOf(device) });
  },
};

type Room = {
  readonly folder: string;
  readonly freeBytes: number;
  /** What the spool holds already. */
  readonly spooledBytes: number;
  readonly floorBytes: number;
  readonly spoolBytes: number;
};

export function roomVerdict({ folder, freeBytes, spooledBytes, floorBytes, spoolBytes }: Room): Verdict {
  const found = `${readableBytes(freeBytes)} free on the disk of ${folder}`;
  const remedy = `Make room there, or lower CaptureFreeDiskMegabytes and CaptureSpoolMaxMegabytes: sudo du -x ${folder} | sort -n | tail`;
  if (freeBytes < floorBytes) return fail(`${found}, and ${readableBytes(floorBytes)} have to stay free (CaptureFreeDiskMegabytes): captures are refused`, remedy);
  const wanted = floorBytes + Math.max(0, spoolBytes - spooledBytes);
  if (freeBytes < wanted) return warning(`${found}; a full spool (CaptureSpoolMaxMegabytes) takes ${readableBytes(wanted)}`, remedy);
  if (freeBytes < updateBytes) return warning(`${found}; an update of the runtime takes ${readableBytes(updateBytes)} for a while`, remedy);
  return ok(found);
}

function limitsOf({ agent: { component, settings } }: DeviceView): Pick<Room, 'floorBytes' | 'spoolBytes'> {
  const isSpooling = component !== undefined && settings.DbEnable;
  return { floorBytes: component === undefined ? 0 : settings.CaptureFreeDiskMegabytes * megabyte, spoolBytes: isSpooling ? settings.CaptureSpoolMaxMegabytes * megabyte : 0 };
}

function spoolRootOf({ agent: { workFolder, settings }, nucleus, system }: DeviceView): string {
  if (workFolder !== undefined) return resolve(workFolder, settings.LocalDataRootPath);
  return nucleus?.root ?? system.base;
}

/** The folder itself, or what is there of the way to it. */
async function nearest(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw error;
    return nearest(dirname(folder));
  }
}

/** That this user may not write there says nothing of the agent's. */
async function writeProblem(folder: string): Promise<Verdict | undefined> {
  try {
    await access(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    if (!hasCode(error, 'EROFS')) return undefined;
    return fail(`the disk of ${folder} is mounted read-only`, `See dmesg for faults of the disk, and mount it again: sudo mount -o remount,rw $(findmnt -nT ${folder} -o TARGET)`);
  }
}

async function sizeBelow(folder: string): Promise<number> {
  try {
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    // The agent removes what is delivered; what is not seen counts as not there.
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return 0;
    throw error;
  }
}
