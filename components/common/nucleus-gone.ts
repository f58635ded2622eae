import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';

/**
 * Calls `listener` when the nucleus that started this process is gone. The classic one leaves a pipe open as standard input,
 * which ends with it, however it ends. Where standard input is anything else, nothing is to be learned from its end.
 */
export function onNucleusGone(listener: () => void): void {
  const input = fstatSync(0);
  if (!input.isFIFO() && !input.isSocket()) return;
  const { stdin } = process;
  // Node reads a socket that it does not know the kind of as an empty file.
  if (!(stdin instanceof Socket)) return;
  for (const end of ['end', 'error']) stdin.once(end, listener);
  stdin.resume();
  // Waiting for that keeps no process alive.
  stdin.unref();
}
