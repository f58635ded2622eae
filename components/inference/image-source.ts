import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';
import { messageOf } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { Activity } from './activity.ts';
import type { InferenceSettings } from './configuration.ts';
import { stampOf, type HandledImages } from './handled-images.ts';
import { pause } from '../common/pause.ts';

export type SourceOptions = {
  readonly settings: Pick<InferenceSettings, 'ImageName' | 'ImageDirectory' | 'InferenceInterval'>;
  /** What has had its turn in the life of another source: of a directory, it gets no other one. */
  readonly handled: HandledImages;
  readonly activity: Activity;
  readonly log: Logger;
  /** Ends the source. */
  readonly signal: AbortSignal;
};

const imageFile = /\.(jpe?g|png|webp)$/i;
const missingFolderPauseMs = 1_000;
/** A file counts as written when its size has been still for so long. */
const writeFinish = { stabilityThreshold: 300, pollInterval: 50 };

/** Paths of the images to classify, one after the other, until the signal ends it. */
export function imageSource(options: SourceOptions): AsyncGenerator<string> {
  return options.settings.ImageName === '' ? directoryImages(options) : repeatedImage(options);
}

/** One image, again and again. */
async function* repeatedImage({ settings, signal }: SourceOptions): AsyncGenerator<string> {
  const path = resolve(settings.ImageDirectory, settings.ImageName);
  while (!signal.aborted) {
    yield path;
    await pause(settings.InferenceInterval * 1000, signal);
  }
}

/** Every image of a directory by name, then each that is added or written anew. One that is not followed by the next was not handled. */
async function* directoryImages({ settings, handled, activity, log, signal }: SourceOptions): AsyncGenerator<string> {
  const folder = resolve(settings.ImageDirectory);
  await folderExists(folder, log, signal);
  if (signal.aborted) return;
  const queue = new PathQueue(activity, signal);
  // Watching starts before listing, so that no file falls between the two.
  const watcher = await watchImages({ folder, queue, handled, log });
  try {
    const names = (await readdir(folder)).filter((one) => imageFile.test(one)).sort();
    for (const path of names.map((name) => join(folder, name))) if (!(await handled.has(path))) queue.add(path);
    for (let path = await queue.next(); path !== undefined; path = await queue.next()) {
      const stamp = await stampOf(path);
      yield path;
      handled.add(path, stamp);
    }
  } finally {
    queue.clear();
    await watcher.close();
  }
}

async function watchImages({ folder, queue, handled, log }: { folder: string; queue: PathQueue; handled: HandledImages; log: Logger }): Promise<FSWatcher> {
  const watcher = watch(folder, { depth: 0, ignoreInitial: true, awaitWriteFinish: writeFinish, ignored: (path, stats) => stats?.isFile() === true && !imageFile.test(path) });
  watcher.on('add', (path) => queue.add(path));
  watcher.on('change', (path) => queue.add(path));
  watcher.on('unlink', (path) => handled.forget(path));
  watcher.on('error', (error) => log.error({ folder, reason: messageOf(error) }, 'the image directory cannot be watched; new images may go unnoticed'));
  await new Promise<void>((done) => {
    watcher.once('ready', () => done());
  });
  return watcher;
}

async function folderExists(folder: string, log: Logger, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const problem = await stat(folder).then(
      (found) => (found.isDirectory() ? undefined : 'it is a file'),
      (error: unknown) => messageOf(error),
    );
    if (problem === undefined) return;
    if (attempt === 0) log.warn({ folder, reason: problem }, 'waiting for the image directory (ImageDirectory)');
    await pause(missingFolderPauseMs, signal);
  }
}

/** Paths that wait for their turn, each once. */
class PathQueue {
  readonly #waiting = new Set<string>();
  readonly #activity: Activity;
  readonly #signal: AbortSignal;
  #added = Promise.withResolvers<void>();

  constructor(activity: Activity, signal: AbortSignal) {
    this.#activity = activity;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#added.resolve(), { once: true });
  }

  add(path: string): void {
    this.#waiting.add(path);
    this.#activity.waiting = this.#waiting.size;
    this.#added.resolve();
  }

  clear(): void {
    this.#waiting.clear();
    this.#activity.waiting = 0;
  }

  /** The next path, as soon as there is one; undefined when the source ends. */
  async next(): Promise<string | undefined> {
    while (!this.#signal.aborted) {
      const [path] = this.#waiting;
      if (path !== undefined) {
        this.#waiting.delete(path);
        this.#activity.waiting = this.#waiting.size;
        return path;
      }
      this.#added = Promise.withResolvers();
      await this.#added.promise;
    }
    return undefined;
  }
}
