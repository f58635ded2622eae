import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { roomError } from '../../components/common/disk-room.ts';
import { FescueError, hasCode, messageOf } from '../../components/common/errors.ts';
import type { CaptureStore, FoundCapture } from './capture-store.ts';
import { csvExporter } from './export-csv.ts';
import { jsonExporter } from './export-json.ts';
import { manifestExporter } from './export-manifest.ts';
import { npyExporter } from './export-npy.ts';
import type { Exporter, ExporterOptions } from './exporter.ts';
import type { CaptureProblem } from './find-captures.ts';

export const exportFormats = ['npy', 'csv', 'json', 'manifest'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export type ExportOrder = {
  readonly store: CaptureStore;
  readonly captures: AsyncIterable<FoundCapture>;
  readonly format: ExportFormat;
  /** Names of the classes by index, for the manifest. */
  readonly labels: readonly string[];
  readonly out: string;
  /** Write into a folder that is not empty, and replace files of the same names. */
  readonly force: boolean;
  /** Told of captures that cannot be written in this format; they are left out. */
  readonly onProblem: (problem: CaptureProblem) => void;
  readonly onProgress: (written: number) => void;
  readonly signal: AbortSignal;
};

/**
 * Writes captures into a folder. All is written aside and moved into place at the end, so that nothing is left of an
 * export that fails or is interrupted.
 *
 * @returns how many were written
 * @throws FescueError `already-exists` when the folder is not empty, `cancelled`, `resource-exhausted` when the disk is full
 */
export async function exportCaptures(order: ExportOrder): Promise<number> {
  const out = resolve(order.out);
  if (`${out}${sep}`.startsWith(`${order.store.name}${sep}`)) throw new FescueError('invalid-argument', `${out} is in ${order.store.name}, where what is written would be found as captured data. Name a folder elsewhere with --out.`);
  await makeFolder(out, order.force);
  const staging = await mkdtemp(join(out, '.export-'));
  try {
    const written = await writeAll(order, await makeExporter(order, staging));
    await moveInto(staging, out);
    return written;
  } catch (error) {
    throw roomError(error, out);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function makeFolder(out: string, force: boolean): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    if (force || (await readdir(out)).length === 0) return;
  } catch (error) {
    const problem = hasCode(error, 'EEXIST', 'ENOTDIR') ? 'there is a file at that path' : messageOf(error);
    throw new FescueError('failed-precondition', `${out} cannot be written to: ${problem}. Name another folder with --out.`, { cause: error });
  }
  throw new FescueError('already-exists', `${out} is not empty. Name another folder with --out, or write into this one and replace files of the same names with --force.`);
}

async function makeExporter({ store, format, labels }: ExportOrder, folder: string): Promise<Exporter> {
  const options: ExporterOptions = { store, folder };
  switch (format) {
    case 'npy':
      return npyExporter(options);
    case 'csv':
      return csvExporter(options);
    case 'json':
      return jsonExporter(options);
    case 'manifest':
      return manifestExporter({ ...options, labels });
  }
}

async function writeAll({ captures, signal, onProblem, onProgress }: ExportOrder, exporter: Exporter): Promise<number> {
  let written = 0;
  for await (const found of untilAborted(captures, signal)) {
    try {
      await exporter.add(found);
      written += 1;
      onProgress(written);
    } catch (error) {
      if (!(error instanceof FescueError) || ['unavailable', 'cancelled'].includes(error.kind)) throw error;
      onProblem({ key: found.key, lineNumber: found.lineNumber, reason: error.message });
    }
  }
  return written;
}

/** Ends waiting for the next one, too: to find one can take long. */
async function* untilAborted(captures: AsyncIterable<FoundCapture>, signal: AbortSignal): AsyncGenerator<FoundCapture> {
  const iterator = captures[Symbol.asyncIterator]();
  for (;;) {
    // One for each: a promise keeps the results of all races it is in.
    const interrupted = Promise.withResolvers<never>();
    const interrupt = (): void => interrupted.reject(new FescueError('cancelled', 'Interrupted. Nothing was exported.'));
    if (signal.aborted) interrupt();
    signal.addEventListener('abort', interrupt, { once: true });
    const next = await Promise.race([interrupted.promise, iterator.next()]).finally(() => signal.removeEventListener('abort', interrupt));
    if (next.done === true) return;
    yield next.value;
  }
}

/** Files of the same names are replaced; folders are merged. */
async function moveInto(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      await mkdir(target, { recursive: true });
      await moveInto(source, target);
    } else {
      await rename(source, target);
    }
  }
}
