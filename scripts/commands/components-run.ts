import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../components/common/errors.ts';

/**
 * Aborted by the first Ctrl-C or SIGTERM. Further ones change nothing: a terminal's Ctrl-C arrives twice, from the
 * terminal and from the launcher that passes it on, and stopping takes bounded time.
 */
export function interruption(onFirst: () => void): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) return;
      controller.abort();
      onFirst();
    });
  }
  return controller.signal;
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((done) => {
    signal.addEventListener('abort', () => done(), { once: true });
  });
}

/** Progress goes to stderr, so that stdout holds results only. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The text of a message's bytes, for people. */
export function readable(payload: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload);
  } catch (error) {
    return `${payload.length} bytes (${messageOf(error)})`;
  }
}

/** Removes a temporary Greengrass root; after a failure the logs stay, if there are any. */
export async function removeRoot(root: string, outcome: 'done' | 'failed'): Promise<void> {
  const logs = await readdir(join(root, 'logs')).catch(() => []);
  if (outcome === 'done' || logs.length === 0) return rm(root, { recursive: true, force: true });
  for (const folder of ['build', 'packages', 'work']) await rm(join(root, folder), { recursive: true, force: true });
  progress(`The logs are kept in ${join(root, 'logs')}.`);
}
