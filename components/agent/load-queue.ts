import { FescueError } from '../common/errors.ts';

/** A model that wants to load. */
export type LoadNeed = {
  readonly alias: string;
  readonly instances: number;
  /** Memory all its workers together take while they load. */
  readonly bytes: number;
};

type Waiting = { readonly need: LoadNeed; readonly start: () => void; readonly refuse: (error: FescueError) => void };

/** More than this gains nothing on the processors of a device, while the peaks of their memory add up. */
const mostAtOnce = 4;

/**
 * Lets a few models load side by side, and the others wait in the order they came. What is promised to those that load
 * counts as taken: a model waits while it fits only without them, and is refused when it does not fit on its own.
 */
export class LoadQueue {
  readonly #available: () => number;
  readonly #waiting: Waiting[] = [];
  #loading = 0;
  #promised = 0;

  /** @param options.available bytes there is room for now */
  constructor(options: { available: () => number }) {
    this.#available = options.available;
  }

  /** @throws FescueError `resource-exhausted` when there is no room for it, or as `load` */
  async run<Result>(need: LoadNeed, load: () => Promise<Result>): Promise<Result> {
    await new Promise<void>((start, refuse) => {
      this.#waiting.push({ need, start, refuse });
      this.#startNext();
    });
    try {
      return await load();
    } finally {
      this.#loading -= 1;
      this.#promised -= need.bytes;
      this.#startNext();
    }
  }

  #startNext(): void {
    while (this.#loading < mostAtOnce) {
      const next = this.#waiting[0];
      if (next === undefined) return;
      const available = this.#available();
      const fits = this.#promised + next.need.bytes <= available;
      if (!fits && this.#loading > 0) return;
      this.#waiting.shift();
      if (fits) {
        this.#loading += 1;
        this.#promised += next.need.bytes;
        next.start();
      } else next.refuse(noRoom(next.need, available));
    }
  }
}

function noRoom({ alias, instances, bytes }: LoadNeed, available: number): FescueError {
  const workers = instances === 1 ? 'a worker' : `${instances} workers`;
  return new FescueError('resource-exhausted', `Model "${alias}" needs about ${megabytes(bytes)} for ${workers} while it loads, and ${megabytes(available)} are available. Unload another model, lower Instances, or raise the memory limit.`);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
