import { setTimeout as sleep } from 'node:timers/promises';

/** Time, so that tests can let weeks pass in seconds. */
export type Clock = {
  /** Milliseconds since 1970; may be set forth and back. */
  now(): number;
  /** Milliseconds that only grow. */
  steady(): number;
  /** Resolves after a time, or at once when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  async sleep(ms, signal) {
    await sleep(Math.min(ms, longestTimerMs), undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });
  },
};
