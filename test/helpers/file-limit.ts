/**
 * A command line under which no file can grow beyond `bytes`, rounded down to blocks of 512: a write past that is cut short,
 * and the next one fails with EFBIG, as with ENOSPC on a full disk. Unlike a full disk, that takes no privilege.
 */
export function withFileLimit(bytes: number, command: readonly string[]): [string, ...string[]] {
  return ['sh', '-c', 'trap "" XFSZ; ulimit -f "$0"; exec "$@"', String(Math.floor(bytes / 512)), ...command];
}
