import { lstatSync, unlinkSync } from 'node:fs';
import { chmod, chown, lstat, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { FescueError, hasCode } from '../common/errors.ts';

/** `sun_path` holds 108 bytes with its closing zero. */
const longestSocketPath = 107;
const probeTimeoutMs = 2_000;

/**
 * Makes sure that a socket can be bound at `path`: removes a file that a dead agent left, and refuses anything else.
 *
 * @returns whether a stale socket file was removed
 * @throws FescueError `failed-precondition` when somebody answers there, or something else is in the way
 */
export async function clearSocketPath(path: string): Promise<boolean> {
  if (Buffer.byteLength(path) > longestSocketPath) {
    throw unusable(path, `a unix socket path has at most ${longestSocketPath} bytes, this one has ${Buffer.byteLength(path)}. Choose a shorter one`);
  }
  const file = await lstat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw unusable(path, `it cannot be examined (${String(error)})`);
  });
  if (file === undefined) return requireDirectory(path);
  if (!file.isSocket()) throw unusable(path, 'there is a file that is no socket. Remove it, or choose another path');
  const answered = await isAnswered(path);
  // Another agent may have replaced the same dead file meanwhile: compare and remove without a pause in between.
  const now = lstatSync(path, { throwIfNoEntry: false });
  if (answered || (now !== undefined && now.ino !== file.ino)) throw unusable(path, 'another process answers there. Stop that agent, or choose another path (-a)');
  if (now !== undefined) unlinkSync(path);
  return true;
}

async function requireDirectory(path: string): Promise<false> {
  const directory = await lstat(dirname(path)).catch(() => undefined);
  if (directory === undefined) throw unusable(path, `the directory ${dirname(path)} does not exist. Create it, or choose another path`);
  return false;
}

/** Whether a process accepts connections; one that cannot be asked counts as alive. */
async function isAnswered(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    const finish = (alive: boolean): void => {
      socket.destroy();
      done(alive);
    };
    socket.setTimeout(probeTimeoutMs, () => finish(true));
    socket.once('connect', () => finish(true));
    socket.once('error', (error) => finish(!hasCode(error, 'ECONNREFUSED', 'ENOENT')));
  });
}

/**
 * Gives a bound socket its owner group and mode.
 *
 * @param access.group name or number; empty leaves it
 * @throws FescueError `failed-precondition` when the group does not exist or may not be given
 */
export async function restrictSocket(path: string, access: { mode: number; group: string }): Promise<void> {
  if (access.group !== '') {
    const groupId = await groupIdOf(access.group);
    await chown(path, process.getuid?.() ?? 0, groupId).catch((error: unknown) => {
      throw unusable(path, `it cannot be given to group "${access.group}" (${String(error)}). The agent's user must be a member of that group`);
    });
  }
  await chmod(path, access.mode);
}

async function groupIdOf(group: string): Promise<number> {
  if (/^\d+$/.test(group)) return Number(group);
  const line = (await readFile('/etc/group', 'utf8')).split('\n').find((entry) => entry.startsWith(`${group}:`));
  const groupId = line?.split(':')[2];
  if (groupId === undefined) throw new FescueError('failed-precondition', `UnixSocketGroup: there is no group "${group}" in /etc/group. Create it, or give its number.`);
  return Number(groupId);
}

function unusable(path: string, reason: string): FescueError {
  return new FescueError('failed-precondition', `The agent cannot serve on ${path}: ${reason}.`);
}
