import { join } from 'node:path';
import type { DeviceReport } from '../../common/device-report.ts';
import { mostReportBytes } from '../../common/device-report.ts';
import { FescueError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { productVersion } from '../../common/version.ts';
import { within } from '../../common/within.ts';
import type { CaptureFigures } from '../capture/capture-messages.ts';
import type { Clock } from '../capture/clock.ts';
import type { ModelRegistry } from '../model-registry.ts';
import { Backlog } from './backlog.ts';
import type { HeartbeatChannel } from './channel.ts';
import type { HeartbeatConfig } from './heartbeat-config.ts';
import type { ModelTally } from './model-tally.ts';
import { Outbox } from './outbox.ts';
import { fitted, reportOf } from './report.ts';
import { Schedule } from './schedule.ts';
import { StartRecord } from './start-record.ts';
import { SystemProbe } from './system-probe.ts';

export type HeartbeatOptions = {
  readonly config: HeartbeatConfig;
  readonly channel: HeartbeatChannel;
  readonly models: Pick<ModelRegistry, 'usage'>;
  readonly tally: Pick<ModelTally, 'of'>;
  readonly captures: { readonly figures: CaptureFigures | undefined };
  readonly clock: Clock;
  readonly random?: () => number;
  readonly log: Logger;
};

/** Longest that making the last report keeps the agent from its end, and longest that sending it does. */
const farewellMs = 500;

/** Tells how the agent is: soon after its start, from time to time, after changes, and at its end. */
export class Heartbeats {
  readonly #options: HeartbeatOptions;
  readonly #starts: StartRecord;
  readonly #system: SystemProbe;
  readonly #backlog: Backlog;
  readonly #outbox: Outbox;
  readonly #schedule: Schedule;
  #periodMs: number;
  #ready: Promise<void> = Promise.resolve();

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    const { config, channel, clock, random = Math.random, log } = options;
    this.#periodMs = config.periodMs;
    this.#starts = new StartRecord({ path: join(config.folder, 'agent-starts.json'), log });
    this.#system = new SystemProbe({ folder: config.folder });
    this.#backlog = new Backlog({ path: join(config.folder, 'heartbeats.jsonl'), log });
    this.#outbox = new Outbox({ channel, backlog: this.#backlog, clock, log });
    this.#schedule = new Schedule({ clock, periodMs: config.periodMs, random, beat: async () => this.#beat() });
  }

  start(): void {
    this.#options.channel.start();
    this.#ready = Promise.all([this.#starts.begin(), this.#backlog.load()]).then(() => undefined);
    this.#schedule.start();
  }

  /** Something changed that is worth telling soon. */
  changed(): void {
    this.#schedule.changed();
  }

  setPeriod(periodMs: number): void {
    if (periodMs === this.#periodMs) return;
    this.#periodMs = periodMs;
    this.#schedule.setPeriod(periodMs);
  }

  /** Says that the agent stops, which is not waited for longer than about a second. */
  async stop(): Promise<void> {
    const { channel, log } = this.#options;
    void this.#schedule.stop();
    await this.#farewell().catch((error: unknown) => {
      log.debug({ reason: messageOf(error) }, 'nobody could be told that the agent stops');
    });
    channel.stop();
    await this.#outbox.stop();
  }

  /** The end was orderly: the next start counts no crash. */
  async ended(): Promise<void> {
    await this.#starts.end();
  }

  async #beat(): Promise<void> {
    try {
      await this.#ready;
      await this.#outbox.offer(await this.#report('running'));
    } catch (error) {
      // A report is not worth the agent.
      this.#options.log.error({ reason: messageOf(error) }, 'a heartbeat failed');
    }
  }

  async #farewell(): Promise<void> {
    const late = (): FescueError => new FescueError('deadline-exceeded', `not done within ${farewellMs} ms`);
    const report = await within(farewellMs, this.#ready.then(async () => this.#report('stopping')), late);
    await within(farewellMs, this.#options.channel.send(report, { isLatest: true }), late).catch(async (error: unknown) => {
      await this.#backlog.add(report);
      throw error;
    });
  }

  async #report(state: DeviceReport['state']): Promise<DeviceReport> {
    const { config, models, tally, captures, clock } = this.#options;
    const system = await this.#system.read();
    const facts = models.usage().flatMap(({ alias, provider, identity }) => {
      const figures = tally.of(alias);
      return figures === undefined ? [] : [{ alias, provider, ...identity, ...figures }];
    });
    const agent = { version: productVersion, uptimeSeconds: Math.floor(process.uptime()), ...this.#starts.counts };
    const { fleet, device } = config;
    return fitted(reportOf({ fleet, device, nowMs: clock.now(), periodMs: this.#periodMs, state, agent, models: facts, captures: captures.figures, system }), mostReportBytes);
  }
}
