import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { hasCode } from '../../components/common/errors.ts';

/**
 * The process that serves a unix socket: the one that has its end of it open. Undefined when that cannot be seen,
 * because the process belongs to another user or is in another container.
 *
 * @param path of the socket's file
 */
export function processServing(path: string): number | undefined {
  const served = new Set(boundSockets(path).map((inode) => `socket:[${inode}]`));
  if (served.size === 0) return undefined;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => (attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? []).some((fd) => served.has(attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '')));
  return found === undefined ? undefined : Number(found);
}

/** The inodes of the sockets bound to a path: the one that listens there, and the server's ends of its connections. */
function boundSockets(path: string): string[] {
  const file = attempt(() => statSync(path));
  const [, ...lines] = readFileSync('/proc/net/unix', 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => {
    // Num RefCount Protocol Flags Type St Inode Path
    const [, , , , , , inode = '', ...bound] = line.trim().split(/\s+/);
    const other = bound.length === 0 ? undefined : attempt(() => statSync(bound.join(' ')));
    return other !== undefined && other.ino === file?.ino && other.dev === file.dev ? [inode] : [];
  });
}

/** What is read, or undefined when it is gone or not for this user. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR')) return undefined;
    throw error;
  }
}
