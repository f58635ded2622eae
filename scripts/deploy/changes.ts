import { watch } from 'chokidar';

/** Changes of files, gathered until it has been quiet for a moment. */
export type Changes = {
  /** Resolves with the paths that have changed since the last time, at once when there are some; empty when the signal comes first. */
  next(): Promise<readonly string[]>;
  close(): Promise<void>;
};

/**
 * Watches files and folders.
 *
 * @param options.quietMs an editor or a checkout writes many files; they count as one change
 */
export async function watchChanges(options: { paths: readonly string[]; quietMs: number; signal: AbortSignal }): Promise<Changes> {
  const changed = new Set<string>();
  let wake = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch([...options.paths], { ignoreInitial: true, ignored: (path) => /(^|\/)(node_modules|\.git)(\/|$)|(~|\.sw[a-z])$/.test(path) });
  watcher.on('all', (_event, path) => {
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => wake.resolve(), options.quietMs);
  });
  options.signal.addEventListener('abort', () => wake.resolve(), { once: true });
  await new Promise<void>((ready) => void watcher.once('ready', () => ready()));
  return {
    async next() {
      await wake.promise;
      wake = Promise.withResolvers();
      if (options.signal.aborted) return [];
      const paths = [...changed].toSorted();
      changed.clear();
      return paths;
    },
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
