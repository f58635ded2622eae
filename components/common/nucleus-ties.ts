import { setTimeout as sleep } from 'node:timers/promises';
import { ComponentUpdates } from './component-updates.ts';
import { ConfigurationFollower } from './configuration-follower.ts';
import { ConnectionLoss, type LossOptions } from './connection-loss.ts';
import type { ConfigurationPart } from './greengrass-ipc.ts';
import type { IpcLink } from './ipc-link.ts';
import type { Logger } from './log.ts';
import { StateReport } from './state-report.ts';
import { UpdateDeferral } from './update-deferral.ts';

export type TiesOptions = {
  readonly link: IpcLink;
  readonly log: Logger;
  /** Called when the component's configuration may have changed, or one of `also`; once at a time, must not reject. */
  readonly onConfigurationUpdate: () => Promise<void>;
  /** Parts of other components' configurations that this one depends on. */
  readonly also?: readonly ConfigurationPart[];
  /** Whether something runs that an update would interrupt. */
  readonly isBusy: () => boolean;
  /** The longest an update waits for that. */
  readonly mostDeferralSeconds: () => number;
  /** See ConnectionLoss. */
  readonly loss: Omit<LossOptions, 'link' | 'log'>;
};

const stopPatienceMs = 1_000;

/** What ties a component to the nucleus that runs it: its configuration, its state, updates that wait for it, and the connection for all that. */
export class NucleusTies {
  readonly #link: IpcLink;
  readonly #followers: readonly ConfigurationFollower[];
  readonly #updates: ComponentUpdates;
  readonly #state: StateReport;
  readonly #loss: ConnectionLoss;

  constructor({ link, log, onConfigurationUpdate: onUpdate, also = [], isBusy, mostDeferralSeconds, loss }: TiesOptions) {
    this.#link = link;
    this.#followers = [{}, ...also].map((part) => new ConfigurationFollower({ link, log, part, onUpdate }));
    this.#updates = new ComponentUpdates({ link, log, deferral: new UpdateDeferral({ isBusy, mostMs: () => mostDeferralSeconds() * 1000 }) });
    this.#state = new StateReport({ link, log });
    this.#loss = new ConnectionLoss({ ...loss, link, log });
  }

  /** See ConnectionLoss. */
  get lost(): Promise<void> {
    return this.#loss.final;
  }

  /** Begins to listen. Whether the nucleus answers or not, nothing here waits for it. */
  start(): void {
    for (const follower of this.#followers) follower.start();
    this.#updates.start();
    this.#loss.start();
  }

  /** See StateReport. */
  running(): void {
    this.#state.running();
  }

  /** See StateReport. */
  async errored(): Promise<boolean> {
    return this.#state.errored();
  }

  /** Also closes the link. A nucleus that does not answer is not waited for. */
  async stop(): Promise<void> {
    this.#loss.stop();
    const stopped = Promise.all([...this.#followers, this.#updates, this.#state].map(async (one) => one.stop())).then(async () => this.#link.close());
    await Promise.race([stopped, sleep(stopPatienceMs, undefined, { ref: false })]);
  }
}
