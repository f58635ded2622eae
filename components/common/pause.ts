import { setTimeout as sleep } from 'node:timers/promises';

/** Waits so long, or until the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // setTimeout fires at once for more than 2^31 ms.
  await sleep(Math.min(ms, 2 ** 31 - 1), undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
