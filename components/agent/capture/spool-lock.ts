import { closeSync, mkdirSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { FescueError } from '../../common/errors.ts';
import { systemClock } from './clock.ts';

const flock = koffi.load(null).func('int flock(int file, int operation)') as (file: number, operation: number) => number;
/** LOCK_EX | LOCK_NB */
const exclusiveAtOnce = 2 | 4;
const retryMs = 50;

/**
 * Makes this process the only one that uses a spool. The kernel opens the lock when the process ends, however it ends.
 *
 * @param patienceMs for a process that is just ending
 * @returns gives the lock back
 * @throws FescueError `failed-precondition` when another process keeps it
 */
export async function lockSpool(folder: string, patienceMs: number): Promise<() => void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = openSync(join(folder, 'lock'), 'a', 0o600);
  for (let left = patienceMs; flock(file, exclusiveAtOnce) !== 0; left -= retryMs) {
    const isTaken = koffi.errno() === constants.errno.EWOULDBLOCK;
    if (isTaken && left > 0) {
      await systemClock.sleep(retryMs);
      continue;
    }
    closeSync(file);
    throw new FescueError('failed-precondition', `The spool ${folder} ${isTaken ? 'is in use by another agent. Give each agent a LocalDataRootPath of its own' : `cannot be locked (error ${koffi.errno()}). Use a disk that knows file locks`}.`);
  }
  return () => closeSync(file);
}
