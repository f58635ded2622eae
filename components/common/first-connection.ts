import type { GreengrassIpc } from './greengrass-ipc.ts';
import { pause } from './pause.ts';

export type FirstConnectionOptions = {
  readonly connect: () => Promise<GreengrassIpc>;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** How long a nucleus gets that does not answer yet, in milliseconds; the last attempt may go beyond. */
  readonly patienceMs: number;
};

const retryMs = 1_000;

/**
 * The first connection, for whoever can do nothing without it.
 *
 * @returns undefined when the signal ended the wait
 * @throws FescueError `unavailable` when the nucleus did not answer for so long
 */
export async function firstConnection({ connect, signal, patienceMs }: FirstConnectionOptions): Promise<GreengrassIpc | undefined> {
  const giveUpAt = performance.now() + patienceMs;
  const ended = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => ended.resolve(undefined), { once: true });
  while (!signal.aborted) {
    try {
      return await Promise.race([connect(), ended.promise]);
    } catch (error) {
      if (performance.now() + retryMs > giveUpAt) throw error;
      await pause(retryMs, signal);
    }
  }
  return undefined;
}
