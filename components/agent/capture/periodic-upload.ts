import { readdir, realpath, rm } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCaptureLine, type CaptureEntry, type CaptureLine } from '../../common/capture-format.ts';
import { hasCode, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { readRegularFile } from '../../common/regular-file.ts';
import type { CaptureObject } from './captured-objects.ts';
import type { Clock } from './clock.ts';
import type { Destination } from './destination.ts';
import { draftFolderName } from './disk-destination.ts';
import { removeEmptyFolders } from './empty-folders.ts';
import type { ObjectSender } from './object-sender.ts';

export type PeriodicUploadOptions = {
  /** Where the disk destination writes. */
  readonly folder: string;
  readonly destination: Destination;
  readonly sender: ObjectSender;
  readonly periodMs: number;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Larger files are none of ours. */
const mostBytes = { lines: 256 * 1024 * 1024, data: 1024 * 1024 * 1024 };
const tidyEveryMs = 3_600_000;

/**
 * Brings what lies in the capture folder to another destination, under the same keys, and removes it here once it is
 * there. What is in the folder is what is left to do, so that nothing has to be noted.
 */
export class PeriodicUpload {
  readonly #options: PeriodicUploadOptions;
  readonly #root: string;
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #captures = 0;
  /** Files that cannot be uploaded as they are. */
  readonly #passedOver = new Set<string>();
  /** Files of which was said that they could not be uploaded. */
  readonly #told = new Set<string>();
  #tidyAt = -Infinity;
  /** Why the folder could not be read the last time. */
  #trouble = '';

  constructor(options: PeriodicUploadOptions) {
    this.#options = options;
    this.#root = resolve(options.folder);
  }

  /** Captures uploaded since the start. */
  get captures(): number {
    return this.#captures;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, periodMs } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await clock.sleep(periodMs, signal);
      await this.#uploadAll(signal).then(
        () => (this.#trouble = ''),
        (error: unknown) => this.#tell(messageOf(error)),
      );
    }
  }

  #tell(reason: string): void {
    if (reason !== this.#trouble) this.#options.log.error({ folder: this.#root, reason }, 'the periodic upload could not read the capture folder; trying again');
    this.#trouble = reason;
  }

  async #uploadAll(signal: AbortSignal): Promise<void> {
    for await (const path of filesBelow(this.#root)) {
      if (signal.aborted) return;
      if (path.endsWith('.jsonl') && !this.#passedOver.has(path)) await this.#upload(path, signal);
    }
    await this.#tidy();
  }

  /** Hours that are over and uploaded leave their folders. */
  async #tidy(): Promise<void> {
    const { clock } = this.#options;
    if (clock.steady() < this.#tidyAt) return;
    this.#tidyAt = clock.steady() + tidyEveryMs;
    await removeEmptyFolders(this.#root, { beforeMs: clock.now() - tidyEveryMs, except: draftFolderName });
  }

  /** What the lines refer to goes first; what is removed first is not needed to find the rest. */
  async #upload(path: string, signal: AbortSignal): Promise<void> {
    try {
      const lines = await readLines(path);
      const referred: string[] = [];
      for (const entry of lines.flatMap(entriesOf)) {
        const file = entry['data-ref'] === undefined ? undefined : await this.#fileOf(entry['data-ref']);
        if (file === undefined) continue;
        entry['data-ref'] = this.#options.destination.urlOf(this.#keyOf(file));
        if (!(await this.#sendFile(file, signal))) return;
        referred.push(file);
      }
      const body = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      if (!(await this.#options.sender.send({ key: this.#keyOf(path), body, contentType: 'application/x-ndjson' }, signal))) return;
      for (const file of [...referred, path]) await rm(file, { force: true });
      this.#captures += lines.length;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return;
      // A fault of the system, such as of the disk, may pass.
      if (!(error instanceof Error && 'syscall' in error)) this.#passedOver.add(path);
      if (!this.#told.has(path)) this.#options.log.error({ file: path, reason: messageOf(error) }, 'captured data stays in its folder: it cannot be uploaded');
      this.#told.add(path);
    }
  }

  /** @returns false when the signal ended it. A file that is not there was uploaded before the process ended. */
  async #sendFile(file: string, signal: AbortSignal): Promise<boolean> {
    const body = await readRegularFile(file, mostBytes.data).catch(unlessMissing);
    if (body === undefined) return true;
    const object: CaptureObject = { key: this.#keyOf(file), body, contentType: 'application/octet-stream' };
    return this.#options.sender.send(object, signal);
  }

  /** The file of a reference into the folder, there or not; undefined for any other, also for a link that leads outside. */
  async #fileOf(reference: string): Promise<string | undefined> {
    const path = reference.startsWith('file://') ? resolve(fileURLToPath(reference)) : undefined;
    if (path?.startsWith(this.#root + sep) !== true) return undefined;
    const real = await realpath(path).catch(unlessMissing);
    return real === undefined || real === join(await realpath(this.#root), relative(this.#root, path)) ? path : undefined;
  }

  #keyOf(path: string): string {
    return relative(this.#root, path).split(sep).join('/');
  }
}

/** Where the objects are that the lines beside it refer to. */
const dataFolder = /\/\d{4}\/\d\d\/\d\d\/\d\d\/raw-data$/;

/** The files of a folder and those below it, by name, which is by time. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(unlessMissing)) ?? [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== draftFolderName && !dataFolder.test(path)) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

function unlessMissing(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT')) throw error;
}

async function readLines(path: string): Promise<CaptureLine[]> {
  const text = (await readRegularFile(path, mostBytes.lines)).toString('utf8');
  return text.split('\n').filter((line) => line !== '').map(parseCaptureLine);
}

function entriesOf(line: CaptureLine): CaptureEntry[] {
  return [...line.deviceFleetInputs, ...line.deviceFleetOutputs, ...line.deviceFleetAuxiliaryInputs, ...line.deviceFleetAuxiliaryOutputs];
}
