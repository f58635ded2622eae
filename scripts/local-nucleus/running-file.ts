import { readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { FescueError, hasCode } from '../../components/common/errors.ts';
import { endFamily, readProcess } from './process-tree.ts';

const content = z.object({ pid: z.int(), startTime: z.string(), tokens: z.array(z.string()) });

/**
 * Makes sure that no other nucleus works below the same root, and ends what a killed one left running.
 *
 * @param path the store's running file
 * @throws FescueError `failed-precondition` when another nucleus is alive
 */
export async function takeOver(path: string): Promise<void> {
  const left = await readRunningFile(path);
  if (left === undefined) return;
  if (left.pid !== process.pid && readProcess(left.pid)?.startTime === left.startTime) {
    throw new FescueError('failed-precondition', `Another local nucleus, process ${left.pid}, works in the same root. Stop it, or choose another --root.`);
  }
  for (const token of left.tokens) await endFamily({ token });
  await release(path);
}

/** Notes who works here and by which tokens its components can be recognised. */
export async function noteRunning(path: string, tokens: readonly string[]): Promise<void> {
  const startTime = readProcess(process.pid)?.startTime ?? '';
  await writeFile(path, JSON.stringify({ pid: process.pid, startTime, tokens }), { mode: 0o600 });
}

export async function release(path: string): Promise<void> {
  await rm(path, { force: true });
}

async function readRunningFile(path: string): Promise<z.output<typeof content> | undefined> {
  try {
    return content.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    // A file cut off by a crash names nobody.
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
