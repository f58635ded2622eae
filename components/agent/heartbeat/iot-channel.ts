import { randomUUID } from 'node:crypto';
import { heartbeatTopic, reportShadow, type DeviceReport } from '../../common/device-report.ts';
import { FescueError } from '../../common/errors.ts';
import { refusalOf } from '../../common/greengrass-ipc.ts';
import type { IpcLink } from '../../common/ipc-link.ts';
import type { Logger } from '../../common/log.ts';
import type { Clock } from '../capture/clock.ts';
import { heartbeatAccess } from './access.ts';
import type { HeartbeatChannel } from './channel.ts';
import { bytesOf, fitted } from './report.ts';
import { ShadowRejections, type Rejection } from './shadow-rejections.ts';
import { shadowUpdateOf } from './shadow-update.ts';

export type IotChannelOptions = {
  readonly link: Pick<IpcLink, 'connection'>;
  readonly fleet: string;
  readonly device: string;
  /** Whose shadow the latest report becomes. */
  readonly thing: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
};

/** What IoT Core takes. */
const longestTopicBytes = 256;
/** Before something that is not allowed is tried again. */
const deniedMs = 600_000;
const mostResends = 3;
const resendAfter = { leastMs: 500, spreadMs: 4_500 };

/** An update of the shadow that may yet be rejected. */
type Update = { readonly token: string; readonly report: DeviceReport; readonly resends: number };

/** Publishes reports to AWS IoT Core through the nucleus: on a topic of their own, and the latest as an update of the device's shadow. */
export class IotChannel implements HeartbeatChannel {
  readonly #options: IotChannelOptions;
  readonly #heartbeatTopic: string;
  readonly #shadowTopic: string;
  readonly #rejections: ShadowRejections;
  readonly #stopped = new AbortController();
  /** Topics that may not be published to, and until when, on the steady clock. */
  readonly #denied = new Map<string, number>();
  readonly #told = new Set<string>();
  #lastUpdate: Update | undefined;

  constructor(options: IotChannelOptions) {
    this.#options = options;
    const { link, fleet, device, thing, log } = options;
    this.#heartbeatTopic = heartbeatTopic(fleet, device);
    this.#shadowTopic = `$aws/things/${thing}/shadow/name/${reportShadow}/update`;
    this.#rejections = new ShadowRejections({ link, log, updateTopic: this.#shadowTopic, onRejected: (rejection) => void this.#onRejected(rejection) });
  }

  start(): void {
    if (!this.#hasTopic) this.#options.log.warn({ topic: this.#heartbeatTopic }, `the topic of heartbeats would have more than the ${longestTopicBytes} bytes that AWS IoT takes, and there is only the shadow; shorten DeviceFleetName or DeviceName`);
    this.#rejections.start();
  }

  async send(report: DeviceReport, { isLatest }: { readonly isLatest: boolean }): Promise<void> {
    if (this.#hasTopic) await this.#publish(this.#heartbeatTopic, JSON.stringify(report), report);
    if (isLatest) await this.#updateShadow(report, 0);
  }

  stop(): void {
    this.#stopped.abort();
    this.#rejections.stop();
  }

  get #hasTopic(): boolean {
    return Buffer.byteLength(this.#heartbeatTopic) <= longestTopicBytes;
  }

  async #updateShadow(report: DeviceReport, resends: number): Promise<void> {
    const token = randomUUID();
    this.#lastUpdate = { token, report, resends };
    await this.#publish(this.#shadowTopic, shadowUpdateOf(report, token), report);
  }

  /** @throws FescueError `unavailable`, `invalid-argument` */
  async #publish(topic: string, text: string, { state }: DeviceReport): Promise<void> {
    const now = this.#options.clock.steady();
    if (now < (this.#denied.get(topic) ?? -Infinity)) return;
    try {
      const connection = await this.#options.link.connection();
      await connection.publishToIotCore(topic, new TextEncoder().encode(text));
      this.#denied.delete(topic);
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      if (refusalOf(error) === 'UnauthorizedError') return this.#deny(topic, state);
      if (refusalOf(error) === 'InvalidArgumentsError') throw new FescueError('invalid-argument', error.message, { cause: error });
      // The nucleus has no room for more messages or, as nucleus lite, no connection.
      throw new FescueError('unavailable', error.message, { cause: error });
    }
  }

  #deny(topic: string, state: DeviceReport['state']): void {
    const { log, clock } = this.#options;
    this.#denied.set(topic, clock.steady() + deniedMs);
    // A component that is being removed has no accessControl any more.
    if (this.#told.has(topic) || state === 'stopping') return;
    this.#told.add(topic);
    log.warn({ topic, accessControl: heartbeatAccess }, "heartbeats are not allowed by the component's accessControl; going on without. Merge the accessControl of this line into its configuration, or set Provider to none");
  }

  async #onRejected({ code, message, clientToken }: Rejection): Promise<void> {
    const update = this.#lastUpdate;
    // Others may change the shadow, too.
    if (update === undefined || update.token !== clientToken) return;
    this.#tellRejection(code, message);
    const isWorthIt = code === 409 || code === 413 || code === 429 || code >= 500;
    if (!isWorthIt || update.resends >= mostResends) return;
    const { clock, random } = this.#options;
    await clock.sleep(resendAfter.leastMs + random() * resendAfter.spreadMs, this.#stopped.signal);
    if (this.#stopped.signal.aborted || this.#lastUpdate !== update) return;
    // What is not handed over now is told by the next report.
    const report = code === 413 ? fitted(update.report, bytesOf(update.report) / 2) : update.report;
    await this.#updateShadow(report, update.resends + 1).catch(() => undefined);
  }

  /** Once for each kind of rejection. */
  #tellRejection(code: number, reason: string): void {
    if (this.#told.has(String(code))) return;
    this.#told.add(String(code));
    this.#options.log.warn({ code, reason }, `an update of the shadow ${reportShadow} was rejected by AWS IoT; ${remedies[code] ?? 'heartbeats go on'}`);
  }
}

const remedies: Readonly<Record<number, string>> = {
  400: 'something else may have written to it what does not fit together: delete the shadow, it is made again',
  401: 'the IoT policy of the device has to allow iot:UpdateThingShadow',
  403: 'the IoT policy of the device has to allow iot:UpdateThingShadow',
  409: 'somebody else changed it at the same moment, and it is sent again',
  413: 'it is sent again with fewer models; something else may take room in it: look at its desired state',
  429: 'there are too many updates at a time, and it is sent again: raise HeartbeatPeriodSeconds',
};
