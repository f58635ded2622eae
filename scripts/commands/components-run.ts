import { messageOf } from '../../components/common/errors.ts';

/** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export function interruption(onFirst: () => void): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(1);
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
