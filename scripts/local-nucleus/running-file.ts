import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { FescueError, hasCode } from '../../components/common/errors.ts';
import { writeJsonFile } from './json-file.ts';
import { endFamily, readProcess } from './process-tree.ts';

/** What a nucleus tells its components, for those who look from outside. */
const served = z.object({ thingName: z.string(), region: z.string(), credentialsUrl: z.string() });

const content = z.object({ pid: z.int(), startTime: z.string(), tokens: z.array(z.string()), served: served.optional() });

type Running = z.output<typeof content>;
export type Served = z.output<typeof served>;

/** The nucleus that is alive and named by a running file; undefined when there is none. */
export async function runningNucleus(path: string): Promise<{ pid: number; startTime: string } | undefined> {
  const noted = await readRunningFile(path);
  return noted !== undefined && isAlive(noted) ? { pid: noted.pid, startTime: noted.startTime } : undefined;
}

/** What the nucleus that is alive serves; undefined when there is none. */
export async function servedBy(path: string): Promise<Served | undefined> {
  const noted = await readRunningFile(path);
  return noted !== undefined && isAlive(noted) ? noted.served : undefined;
}

/**
 * Makes sure that no other nucleus works below the same root, notes that this one does, and ends what a killed one left
 * running.
 *
 * @param path the store's running file
 * @throws FescueError `failed-precondition` when another nucleus is alive
 */
export async function takeOver(path: string): Promise<void> {
  const left = await readRunningFile(path);
  if (left !== undefined && left.pid !== process.pid && isAlive(left)) throw inUse(left.pid);
  for (const token of left?.tokens ?? []) await endFamily({ token });
  await release(path);
  const own = `${path}.${process.pid}`;
  try {
    await writeFile(own, JSON.stringify(contentWith({ tokens: [] })), { mode: 0o600 });
    await link(own, path);
  } catch (error) {
    // Another one came between: only one can create the file, and nobody sees it half written.
    if (!hasCode(error, 'EEXIST')) throw error;
    throw inUse((await readRunningFile(path))?.pid);
  } finally {
    await rm(own, { force: true });
  }
}

/** Notes by which tokens the components can be recognised, and what they are told. */
export function noteRunning(path: string, noted: { readonly tokens: readonly string[]; readonly served: Served }): void {
  writeJsonFile(path, contentWith(noted));
}

export async function release(path: string): Promise<void> {
  await rm(path, { force: true });
}

function contentWith({ tokens, served }: { tokens: readonly string[]; served?: Served }): Running {
  return { pid: process.pid, startTime: readProcess(process.pid)?.startTime ?? '', tokens: [...tokens], ...(served && { served }) };
}

function isAlive({ pid, startTime }: Running): boolean {
  const found = readProcess(pid);
  return found?.startTime === startTime && found.alive;
}

function inUse(pid: number | undefined): FescueError {
  return new FescueError('failed-precondition', `Another local nucleus${pid === undefined ? '' : `, process ${pid},`} works in the same root. Stop it, or choose another --root.`);
}

async function readRunningFile(path: string): Promise<Running | undefined> {
  try {
    return content.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    // A file cut off by a crash names nobody.
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
