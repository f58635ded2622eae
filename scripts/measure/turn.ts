/** How long callers go on, one call after the other each. */
export type TurnOrder = {
  readonly callers: number;
  /** Milliseconds after which no call is started any more; every caller makes at least one. */
  readonly ms: number;
  /** The most calls, of all callers together; unlimited without it. */
  readonly calls?: number;
};

/** What came of a turn. */
export type Turn = {
  /** Milliseconds of each call. */
  readonly samples: readonly number[];
  readonly perSecond: number;
};

/** So many callers at once, each making its next call when the last one is answered. Rejects as the first call that fails, when none is under way any more. */
export async function takeTurn(predict: () => Promise<void>, { callers, ms, calls = Infinity }: TurnOrder): Promise<Turn> {
  const samples: number[] = [];
  const startedAt = performance.now();
  let left = calls;
  const caller = async (): Promise<void> => {
    do {
      if (left <= 0) return;
      left -= 1;
      const calledAt = performance.now();
      await predict().catch((error: unknown) => {
        left = 0;
        throw error;
      });
      samples.push(performance.now() - calledAt);
    } while (performance.now() < startedAt + ms);
  };
  const outcomes = await Promise.allSettled(Array.from({ length: callers }, caller));
  const elapsedMs = performance.now() - startedAt;
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { samples, perSecond: (samples.length * 1000) / elapsedMs };
}

/** A turn that several took part in at the same time. */
export function together(turns: readonly Turn[]): Turn {
  return { samples: turns.flatMap(({ samples }) => samples), perSecond: turns.reduce((sum, { perSecond }) => sum + perSecond, 0) };
}
