import { randomUUID } from 'node:crypto';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import type { DeploymentOutcome, DeploymentRequest } from './deployment.ts';
import type { DeploymentRecord, StateFile } from './nucleus-state.ts';

const maxWaiting = 20;
const keptRecords = 50;

export type DeploymentQueueOptions = {
  readonly state: StateFile;
  readonly run: (id: string, request: DeploymentRequest, signal: AbortSignal) => Promise<DeploymentOutcome>;
  readonly onNote: (text: string) => void;
};

type Waiting = { readonly id: string; readonly request: DeploymentRequest; readonly controller: AbortController; readonly done: PromiseWithResolvers<DeploymentOutcome> };

/** Deployments, one at a time in the order they came, and what became of them. */
export class DeploymentQueue {
  readonly #options: DeploymentQueueOptions;
  readonly #waiting: Waiting[] = [];
  #current: Waiting | undefined;
  #closed = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: DeploymentQueueOptions) {
    this.#options = options;
  }

  /** To be called once at the start: what an earlier process did not finish is over. */
  forgetUnfinished(): void {
    for (const { id, status } of this.list()) {
      if (status === 'QUEUED' || status === 'IN_PROGRESS') this.#record(id, { status: 'CANCELED', reason: 'The nucleus was stopped before it was done; what was deployed before runs.' });
    }
  }

  /** @throws FescueError `resource-exhausted` when too many wait, `cancelled` when the nucleus is stopping */
  submit(request: DeploymentRequest): { id: string; done: Promise<DeploymentOutcome> } {
    if (this.#closed) throw new FescueError('cancelled', 'The nucleus is stopping and takes no deployment.');
    if (this.#waiting.length >= maxWaiting) throw new FescueError('resource-exhausted', `${maxWaiting} deployments wait already. Cancel some, or wait until they are done.`);
    const one: Waiting = { id: randomUUID(), request, controller: new AbortController(), done: Promise.withResolvers() };
    one.done.promise.catch(() => undefined);
    this.#waiting.push(one);
    this.#record(one.id, { createdMs: Date.now(), status: 'QUEUED' });
    this.#work = this.#work.then(async () => this.#next());
    return { id: one.id, done: one.done.promise };
  }

  /** Gives up a deployment that has not begun to change what runs. @returns whether it was not finished yet; undefined for an unknown one */
  cancel(id: string): boolean | undefined {
    const record = this.find(id);
    if (record === undefined) return undefined;
    const one = this.#current?.id === id ? this.#current : this.#waiting.find((waiting) => waiting.id === id);
    one?.controller.abort();
    if (one !== undefined && one !== this.#current) {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      this.#finish(one, { status: 'CANCELED', reason: 'It was cancelled while it waited.' });
    }
    return one !== undefined;
  }

  find(id: string): DeploymentRecord | undefined {
    return this.list().find((record) => record.id === id);
  }

  /** Oldest first. */
  list(): readonly DeploymentRecord[] {
    return this.#options.state.current.deployments;
  }

  /** Takes no more, and gives up what waits. The one in progress ends by itself: its components are stopped. */
  close(): void {
    this.#closed = true;
    for (let one = this.#waiting[0]; one !== undefined; one = this.#waiting[0]) this.cancel(one.id);
    this.#current?.controller.abort();
  }

  /** Resolves when the one in progress has ended. */
  async idle(): Promise<void> {
    await this.#work;
  }

  async #next(): Promise<void> {
    const one = this.#waiting.shift();
    if (one === undefined) return;
    this.#current = one;
    this.#record(one.id, { status: 'IN_PROGRESS' });
    try {
      this.#finish(one, await this.#options.run(one.id, one.request, one.controller.signal));
    } catch (error) {
      const reason = messageOf(error);
      this.#record(one.id, { status: this.#closed ? 'CANCELED' : 'FAILED', reason });
      one.done.reject(error);
    } finally {
      this.#current = undefined;
    }
  }

  #finish(one: Waiting, outcome: DeploymentOutcome): void {
    this.#record(one.id, outcome);
    one.done.resolve(outcome);
  }

  #record(id: string, change: Partial<DeploymentRecord>): void {
    const records = this.list();
    const before = records.find((record) => record.id === id) ?? { id, createdMs: 0, status: 'QUEUED' };
    const others = records.filter((record) => record.id !== id);
    try {
      this.#options.state.change({ deployments: [...others, { ...before, ...change }].toSorted((a, b) => a.createdMs - b.createdMs).slice(-keptRecords) });
    } catch (error) {
      // It goes along with the next change; a full disk must not keep anyone from deploying something smaller.
      this.#options.onNote(messageOf(error));
    }
    if (change.status !== undefined) this.#options.onNote(`deployment ${id}: ${change.status}${change.reason === undefined ? '' : `: ${change.reason}`}`);
  }
}
