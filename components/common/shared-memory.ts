/**
 * System V shared memory, through libc. Attached memory must stay attached for as long as anything can touch a view of
 * it: an access after shmdt ends the process, and no code can catch that.
 */
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import koffi from 'koffi';
import { FescueError, type ErrorKind } from './errors.ts';

const libc = koffi.load(null);
const shmget = libc.func('int shmget(int key, size_t size, int flags)') as (key: number, size: number, flags: number) => number;
const shmat = libc.func('void *shmat(int id, const void *at, int flags)') as (id: number, at: null, flags: number) => bigint;
const shmdt = libc.func('int shmdt(const void *address)') as (address: bigint) => number;
const shmctl = libc.func('int shmctl(int id, int command, void *buffer)') as (id: number, command: number, buffer: Buffer | null) => number;

const ipcPrivate = 0;
const ipcCreate = 0o1000;
const commands = { remove: 0, set: 1, status: 2 } as const;
const attachReadOnly = 0o10000;
const failedAttach = 0xffff_ffff_ffff_ffffn;

/**
 * `struct shmid_ds` on 64-bit Linux, x86-64 and arm64 alike: both take include/uapi/asm-generic/ipcbuf.h and shmbuf.h.
 * Offsets in bytes.
 */
export const statusLayout = { bytes: 112, owner: 4, creator: 12, mode: 20, size: 48, attachments: 88 } as const;

/** Bits of the mode: the permissions, and the kernel's mark of a segment that was removed while attached. */
const permissionBits = 0o777;
const removedBit = 0o1000;

export type SegmentStatus = {
  readonly bytes: number;
  /** Permissions, such as 0o400. */
  readonly mode: number;
  readonly ownerUid: number;
  readonly creatorUid: number;
  readonly attachments: number;
  /** Removed: it goes away with its last attachment, and its id may then name another segment. */
  readonly removed: boolean;
};

/** An attached segment. */
export type Attachment = { readonly id: number; readonly memory: ArrayBuffer; readonly address: bigint };

/** @returns the id of a new segment of zeros; the kernel rounds up to pages, but keeps the size as given */
export function createSegment(bytes: number, mode: number): number {
  return checked(shmget(ipcPrivate, bytes, ipcCreate | mode), `A shared memory segment of ${bytes} bytes cannot be created`);
}

/** @throws FescueError `invalid-argument` when there is no such segment, `failed-precondition` when it may not be read */
export function segmentStatus(id: number): SegmentStatus {
  const status = readStatus(id);
  const mode = status.readUInt32LE(statusLayout.mode);
  return {
    bytes: Number(status.readBigUInt64LE(statusLayout.size)),
    mode: mode & permissionBits,
    ownerUid: status.readUInt32LE(statusLayout.owner),
    creatorUid: status.readUInt32LE(statusLayout.creator),
    attachments: Number(status.readBigUInt64LE(statusLayout.attachments)),
    removed: (mode & removedBit) !== 0,
  };
}

/** The ids of all segments there are, of every user; none on a system without shared memory. */
export function listSegments(): number[] {
  const list = '/proc/sysvipc/shm';
  if (!existsSync(list)) return [];
  const [, ...rows] = readFileSync(list, 'utf8').trimEnd().split('\n');
  return rows.map((row) => Number(row.trim().split(/\s+/)[1]));
}

/** Sets the permissions: a client takes all but reading away once its segment is filled. */
export function setSegmentMode(id: number, mode: number): void {
  const status = readStatus(id);
  status.writeUInt32LE(mode, statusLayout.mode);
  checked(shmctl(id, commands.set, status), `The mode of shared memory segment ${id} cannot be set`);
}

/** Marks the segment for removal; it lasts until nobody has it attached. On Linux it can still be attached until then. */
export function removeSegment(id: number): void {
  checked(shmctl(id, commands.remove, null), `Shared memory segment ${id} cannot be removed`);
}

/** @param bytes how much of it to show; at most the segment's size */
export function attachSegment(id: number, bytes: number, access: 'read' | 'read-write'): Attachment {
  const address = shmat(id, null, access === 'read' ? attachReadOnly : 0);
  if (address === failedAttach) throw systemError(`Shared memory segment ${id} cannot be attached`);
  return { id, memory: koffi.view(address, bytes), address };
}

/** The caller must have dropped every view of the memory. */
export function detachSegment(attachment: Attachment): void {
  checked(shmdt(attachment.address), `Shared memory segment ${attachment.id} cannot be detached`);
}

function readStatus(id: number): Buffer {
  const status = Buffer.alloc(statusLayout.bytes);
  checked(shmctl(id, commands.status, status), `Shared memory segment ${id} cannot be used`);
  return status;
}

function checked(result: number, failure: string): number {
  if (result === -1) throw systemError(failure);
  return result;
}

/** What each error means for whoever asked. */
const causes: Readonly<Record<number, readonly [ErrorKind, string]>> = {
  [constants.errno.EINVAL]: ['invalid-argument', 'there is no such segment, or the size is out of range'],
  [constants.errno.EIDRM]: ['invalid-argument', 'it was removed'],
  [constants.errno.EACCES]: ['failed-precondition', 'this process may not read it'],
  [constants.errno.EPERM]: ['failed-precondition', 'it belongs to another user'],
  [constants.errno.ENOMEM]: ['resource-exhausted', 'there is not enough memory'],
  [constants.errno.ENOSPC]: ['resource-exhausted', 'the limits of shared memory are reached (see ipcs -l)'],
};

function systemError(failure: string): FescueError {
  const errno = koffi.errno();
  const [kind, cause] = causes[errno] ?? (['internal', `error ${errno}`] as const);
  return new FescueError(kind, `${failure}: ${cause}.`);
}
