export type DeferralOptions = {
  /** Whether something runs that an update would interrupt. */
  readonly isBusy: () => boolean;
  /** The longest a deployment is deferred; asked each time. 0 defers none. */
  readonly mostMs: () => number;
  /** Milliseconds of a clock that nobody can set. */
  readonly now?: () => number;
};

const stepMs = 5_000;

/** Decides whether a deployment has to wait: while the component is busy, in short steps, up to a limit for all of them. */
export class UpdateDeferral {
  readonly #options: DeferralOptions;
  readonly #now: () => number;
  /** The deployment that waits, and since when; a nucleus does one at a time. */
  #waiting: { readonly deploymentId: string; readonly since: number } | undefined;

  constructor(options: DeferralOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** @returns when the nucleus is to ask again, in whole milliseconds; 0 to let it go on */
  recheckAfterMs(deploymentId: string): number {
    const now = this.#now();
    if (this.#waiting?.deploymentId !== deploymentId) this.#waiting = { deploymentId, since: now };
    const leftMs = this.#options.mostMs() - (now - this.#waiting.since);
    return this.#options.isBusy() && leftMs > 0 ? Math.ceil(Math.min(stepMs, leftMs)) : 0;
  }

  /** To be called when a deployment is over. */
  forget(deploymentId: string): void {
    if (this.#waiting?.deploymentId === deploymentId) this.#waiting = undefined;
  }
}
