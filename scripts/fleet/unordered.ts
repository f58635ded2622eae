import { pause } from '../../components/common/pause.ts';

export type UnorderedOptions<Item, Made> = {
  /** Of what is made and not yet taken: what is ahead of a slow reader stays within it. */
  readonly atOnce: number;
  readonly make: (item: Item) => Promise<Made>;
  /** Whether an error says that there were too many at once, or that another time may do better. */
  readonly isPassing: (error: unknown) => boolean;
  /** Before the second try; twice as long before each further one. */
  readonly firstPauseMs: number;
};

const mostTries = 7;

/**
 * Makes something of each item, some at once, and gives it as it is done. When there are too many at once, there are half as
 * many from then on, and slowly more again. Ends when nothing is under way.
 */
export async function* unordered<Item, Made>(items: AsyncIterable<Item>, options: UnorderedOptions<Item, Made>): AsyncGenerator<Made> {
  const iterator = items[Symbol.asyncIterator]();
  const pace = new Pace(options.atOnce);
  const ending = new AbortController();
  const running = new Set<Promise<void>>();
  const done: PromiseSettledResult<Made>[] = [];
  let change = Promise.withResolvers<void>();
  const start = (item: Item): void => {
    const making = made(item, { ...options, pace, signal: ending.signal }).then((result) => {
      running.delete(making);
      done.push(result);
      change.resolve();
    });
    running.add(making);
  };
  try {
    for (let isOver = false; ; ) {
      while (!isOver && running.size + done.length < pace.limit) {
        const next = await iterator.next();
        if (next.done === true) isOver = true;
        else start(next.value);
      }
      const first = done.shift();
      if (first?.status === 'rejected') throw first.reason;
      if (first !== undefined) yield first.value;
      else if (running.size === 0) return;
      else await change.promise;
      change = Promise.withResolvers();
    }
  } finally {
    ending.abort();
    await iterator.return?.();
    await Promise.all(running);
  }
}

type Making<Item, Made> = UnorderedOptions<Item, Made> & { readonly pace: Pace; readonly signal: AbortSignal };

async function made<Item, Made>(item: Item, options: Making<Item, Made>): Promise<PromiseSettledResult<Made>> {
  const { make, isPassing, pace, firstPauseMs, signal } = options;
  for (let tries = 1; ; tries += 1) {
    try {
      const value = await make(item);
      pace.succeeded();
      return { status: 'fulfilled', value };
    } catch (reason) {
      if (!isPassing(reason) || tries >= mostTries || signal.aborted) return { status: 'rejected', reason };
      pace.slowDown();
      // Not all of them at the same moment.
      await pause(firstPauseMs * 2 ** (tries - 1) * (0.5 + Math.random()), signal);
    }
  }
}

/** How many may be under way: half at once when there were too many, one more after a while of success. */
class Pace {
  readonly #most: number;
  #limit: number;
  #successes = 0;

  constructor(most: number) {
    this.#most = most;
    this.#limit = most;
  }

  get limit(): number {
    return this.#limit;
  }

  succeeded(): void {
    this.#successes += 1;
    if (this.#successes < 4 * this.#limit) return;
    this.#limit = Math.min(this.#most, this.#limit + 1);
    this.#successes = 0;
  }

  slowDown(): void {
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#successes = 0;
  }
}
