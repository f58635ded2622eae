import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { CaptureObject } from './captured-objects.ts';
import type { Clock } from './clock.ts';
import { DeliveryError, type DeliveryFault, type Destination } from './destination.ts';

export type SenderOptions = {
  readonly destination: Destination;
  readonly clock: Clock;
  readonly log: Logger;
  /** A number from 0 to 1, for the jitter. */
  readonly random?: () => number;
};

/** What was sent since the start. */
export type SenderFigures = { readonly objects: number; readonly bytes: number; readonly failures: Readonly<Record<DeliveryFault, number>> };

const shortestPauseMs = 1_000;
const longestPauseMs = 5 * 60_000;
/** An object that is rejected as often is given up. */
const mostRejections = 5;
const repeatAfterMs = 10 * 60_000;

/** Brings objects to a destination, again and again until it takes them. */
export class ObjectSender {
  readonly #options: SenderOptions;
  readonly #failures = { unreachable: 0, refused: 0, rejected: 0 };
  #objects = 0;
  #bytes = 0;
  /** Since when, and when each fault was told last. */
  #failing: { readonly since: number; readonly toldAt: Map<DeliveryFault, number> } | undefined;
  /** Ends all pauses: what one has found to work again, the others need not wait for. */
  #recovered = new AbortController();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get figures(): SenderFigures {
    return { objects: this.#objects, bytes: this.#bytes, failures: { ...this.#failures } };
  }

  /** Whether the last try has failed. */
  get isFailing(): boolean {
    return this.#failing !== undefined;
  }

  /**
   * Delivers an object, however long that takes.
   *
   * @returns false when the signal ended it
   * @throws DeliveryError `rejected` when the destination takes others but not this one
   */
  async send(object: CaptureObject, signal: AbortSignal): Promise<boolean> {
    let rejections = 0;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await this.#options.destination.put(object, signal);
        this.#onDelivered(object);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        const fault = error instanceof DeliveryError ? error.fault : 'unreachable';
        if (fault === 'rejected') rejections += 1;
        if (rejections === mostRejections) throw error;
        await this.#onFailure(fault, error, attempt, signal);
      }
    }
    return false;
  }

  /** Does something that can fail for a time, such as a note on a full disk, until it is done or the signal ends it. */
  async persist(act: () => void, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        act();
        if (attempt > 0) this.#onSuccess();
        return true;
      } catch (error) {
        await this.#onFailure('refused', error, attempt, signal);
        if (signal.aborted) return false;
      }
    }
  }

  #onDelivered({ body }: CaptureObject): void {
    this.#objects += 1;
    this.#bytes += body.length;
    this.#onSuccess();
  }

  #onSuccess(): void {
    if (this.#failing === undefined) return;
    const { clock, destination, log } = this.#options;
    log.info({ destination: destination.name, afterSeconds: Math.round((clock.steady() - this.#failing.since) / 1000) }, 'captures can be delivered again');
    this.#failing = undefined;
    this.#recovered.abort();
    this.#recovered = new AbortController();
  }

  async #onFailure(fault: DeliveryFault, error: unknown, attempt: number, signal: AbortSignal): Promise<void> {
    const { clock, destination, log, random = Math.random } = this.#options;
    this.#failures[fault] += 1;
    const now = clock.steady();
    this.#failing ??= { since: now, toldAt: new Map() };
    if (now - (this.#failing.toldAt.get(fault) ?? -Infinity) >= repeatAfterMs) {
      this.#failing.toldAt.set(fault, now);
      log.warn({ destination: destination.name, fault, reason: messageOf(error) }, 'captures cannot be delivered now; trying again');
    }
    // Full jitter, so that the devices of a fleet do not come back together.
    const limitMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.min(attempt, 20));
    await clock.sleep(shortestPauseMs / 2 + random() * limitMs, AbortSignal.any([signal, this.#recovered.signal]));
  }
}
