import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Makes a named pipe, which keeps whoever opens it waiting for the other end. */
export async function makePipe(path: string): Promise<void> {
  await promisify(execFile)('mkfifo', [path]);
}
