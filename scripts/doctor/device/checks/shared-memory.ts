import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../../../../components/common/control-groups.ts';
import { hasCode } from '../../../../components/common/errors.ts';
import { readableBytes } from '../../../commands/readable-bytes.ts';
import type { Check, Verdict } from '../../check.ts';
import { fail, ok, warning } from '../../verdict.ts';
import type { DeviceContext } from '../device-view.ts';

const pageBytes = 4096;
/** Clients of the original make new segments all the time, and some never remove them. */
const nearlyAll = 0.9;

export const sharedMemoryCheck: Check<DeviceContext> = {
  name: 'shared-memory',
  title: 'Clients can hand tensors over in shared memory',
  meaning: 'Clients that use shared memory fail; bytes in the message still work.',
  run: async ({ device: { system, agent } }) => {
    const limits = readLimits(system.base);
    if (limits === undefined) return warning('this kernel has no System V shared memory', 'Clients send tensors as bytes instead; a kernel with CONFIG_SYSVIPC has it.');
    return limitsVerdict(limits, { segmentBytes: agent.settings.MaxMessageMegabytes * 1024 ** 2, temporaryBytes: await sizeOf(join(system.base, 'dev/shm')) });
  },
};

type Limits = { readonly largestBytes: number; readonly allBytes: number; readonly mostSegments: number; readonly segments: number; readonly usedBytes: number };

export function limitsVerdict({ largestBytes, allBytes, mostSegments, segments, usedBytes }: Limits, { segmentBytes, temporaryBytes }: { segmentBytes: number; temporaryBytes: number | undefined }): Verdict {
  const found = `${segments} of ${mostSegments} segments, ${readableBytes(usedBytes)} in use${temporaryBytes === undefined ? '' : `; /dev/shm has ${readableBytes(temporaryBytes)}`}`;
  const tidy = 'ipcs -m shows whose they are; ipcrm -m <id> removes one that a client left.';
  if (segments >= mostSegments) return fail(`${found}: no more can be made`, tidy);
  if (usedBytes >= allBytes) return fail(`${found}: all that may be (kernel.shmall)`, tidy);
  if (segments > nearlyAll * mostSegments || usedBytes > nearlyAll * allBytes) return warning(`${found}: nearly all`, tidy);
  if (largestBytes < segmentBytes) return warning(`${found}; a segment may have ${readableBytes(largestBytes)} (kernel.shmmax)`, `sudo sysctl -w kernel.shmmax=${segmentBytes}`);
  return ok(found);
}

function readLimits(base: string): Limits | undefined {
  const limit = (name: string): number => Number(readText(join(base, 'proc/sys/kernel', name)) ?? Number.NaN);
  const list = readText(join(base, 'proc/sysvipc/shm'));
  const [largestBytes, pages, mostSegments] = [limit('shmmax'), limit('shmall'), limit('shmmni')];
  if (list === undefined || [largestBytes, pages, mostSegments].some(Number.isNaN)) return undefined;
  const sizes = list.trimEnd().split('\n').slice(1).map((row) => Number(row.trim().split(/\s+/)[3]));
  return { largestBytes, allBytes: pages * pageBytes, mostSegments, segments: sizes.length, usedBytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function sizeOf(folder: string): Promise<number | undefined> {
  try {
    const { blocks, bsize } = await statfs(folder);
    return blocks * bsize;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES')) return undefined;
    throw error;
  }
}
