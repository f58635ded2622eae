import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from './config-store.ts';
import { IpcError } from './ipc-call.ts';

/** A component's answer to a pre-update event: milliseconds after which to ask again, 0 to go ahead. */
export type Deferral = { readonly deploymentId: string; readonly recheckAfterMs?: number | undefined; readonly message?: string | undefined };

type Subscriber = { readonly component: string; readonly emit: (shape: string, event: JsonObject) => void };

/** Asks components whether they can be disturbed by a deployment now. */
export class ComponentUpdates {
  readonly #subscribers = new Set<Subscriber>();
  /** The open questions: by component, what settles the wait for its answer. */
  readonly #questions = new Map<string, { readonly deploymentId: string; readonly answer: (recheckAfterMs: number) => void }>();
  readonly #onNote: (text: string) => void;

  constructor(onNote: (text: string) => void) {
    this.#onNote = onNote;
  }

  /** @returns the way to end the subscription */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
      // Who left does not answer any more.
      if (![...this.#subscribers].some(({ component }) => component === subscriber.component)) this.#questions.get(subscriber.component)?.answer(0);
    };
  }

  /** Takes a component's answer. @throws IpcError when it has not subscribed, or when nobody waits for it */
  defer(component: string, deferral: Deferral): void {
    if (![...this.#subscribers].some((one) => one.component === component)) throw new IpcError('InvalidArgumentsError', 'Component is not subscribed to component update events');
    const question = this.#questions.get(component);
    if (question?.deploymentId !== deferral.deploymentId) throw new IpcError('ServiceError', 'Time limit to respond to PreComponentUpdateEvent exceeded');
    const { recheckAfterMs = 0, message } = deferral;
    if (recheckAfterMs > 0) this.#onNote(`${component} defers deployment ${deferral.deploymentId} by ${recheckAfterMs} ms${message === undefined ? '' : `: ${message}`}`);
    question.answer(recheckAfterMs);
  }

  /**
   * Resolves when every subscriber has agreed or did not answer in time. Who defers is asked again, for as long as it
   * does.
   *
   * @param request.timeoutMs how long an answer is waited for, each time
   * @param request.signal ends the wait: rejects with the signal's reason
   */
  async agree(request: { deploymentId: string; timeoutMs: number; signal: AbortSignal }): Promise<void> {
    for (;;) {
      const recheckMs = await this.#ask(request);
      if (recheckMs === 0) return;
      await sleep(recheckMs, undefined, { signal: request.signal }).catch(() => undefined);
      request.signal.throwIfAborted();
    }
  }

  /** Tells every subscriber that the update is over, or not going to happen. */
  finish(deploymentId: string): void {
    for (const { emit } of this.#subscribers) emit('ComponentUpdatePolicyEvents', { postUpdateEvent: { deploymentId } });
  }

  async #ask({ deploymentId, timeoutMs, signal }: { deploymentId: string; timeoutMs: number; signal: AbortSignal }): Promise<number> {
    const ended = Promise.withResolvers<number>();
    const end = (): void => ended.resolve(0);
    signal.addEventListener('abort', end, { once: true });
    const timer = setTimeout(end, timeoutMs);
    const components = new Set([...this.#subscribers].map(({ component }) => component));
    const answers = [...components].map((component) => this.#question(component, deploymentId));
    for (const { emit } of this.#subscribers) emit('ComponentUpdatePolicyEvents', { preUpdateEvent: { deploymentId, isGgcRestarting: false } });
    // Those that answered in time count, also when another one never does.
    const inTime = await Promise.all(answers.map((answer) => Promise.race([answer, ended.promise])));
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    this.#questions.clear();
    signal.throwIfAborted();
    return Math.max(0, ...inTime);
  }

  async #question(component: string, deploymentId: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#questions.set(component, {
      deploymentId,
      answer: (recheckAfterMs) => {
        this.#questions.delete(component);
        resolve(recheckAfterMs);
      },
    });
    return promise;
  }
}
