import { z } from 'zod';
import type { AwsCredentials } from '../../common/credentials.ts';
import type { DeviceReport } from '../../common/device-report.ts';
import { FescueError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Clock } from '../capture/clock.ts';
import type { HeartbeatChannel } from './channel.ts';
import { deviceNameRule, heartbeatOf } from './sagemaker-heartbeat.ts';
import { signedHeaders } from './signed-request.ts';

export type SagemakerChannelOptions = {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Whether it is AWS's own. */
  readonly isEndedEndpoint: boolean;
  readonly region: string;
  readonly fleet: string;
  readonly device: string;
  /** Undefined while there are none. */
  readonly credentials: () => AwsCredentials | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of one request. */
  readonly timeoutMs?: number;
};

const defaultTimeoutMs = 10_000;
const mostAnswerBytes = 64 * 1024;
/** Where the server names none that can be used. */
const lifeSeconds = { least: 60, usual: 86_400 };

const registration = z.looseObject({ DeviceRegistration: z.string().nullish(), CacheTTL: z.union([z.string(), z.number()]).nullish() });

/** Speaks the data plane of SageMaker Edge Manager: a registration that is asked for from time to time, and SendHeartbeat. */
export class SagemakerChannel implements HeartbeatChannel {
  readonly #options: SagemakerChannelOptions;
  readonly #stopped = new AbortController();
  /** Until when the registration holds, on the steady clock. */
  #registeredUntil = -Infinity;

  constructor(options: SagemakerChannelOptions) {
    this.#options = options;
  }

  start(): void {
    const { endpoint, isEndedEndpoint, fleet, device, log } = this.#options;
    if (isEndedEndpoint) log.warn({ endpoint }, "AWS ended this service in April 2024, and heartbeats will reach nobody there; set SagemakerEdgeEndpoint to a server of yours, or Provider to iot");
    for (const [key, name] of [['DeviceFleetName', fleet], ['DeviceName', device]] as const) {
      if (!deviceNameRule.regex.test(name) || name.length > deviceNameRule.longest) log.warn({ [key]: name }, `the server may refuse it: expected at most ${deviceNameRule.longest} letters, digits and inner dashes and underscores`);
    }
  }

  async send(report: DeviceReport): Promise<void> {
    await this.#register();
    await this.#call('SendHeartbeat', heartbeatOf(report));
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #register(): Promise<void> {
    const { clock, device, fleet, log } = this.#options;
    if (clock.steady() < this.#registeredUntil) return;
    const isFirst = this.#registeredUntil === -Infinity;
    const answer = registration.safeParse(jsonOf(await this.#call('GetDeviceRegistration', { DeviceName: device, DeviceFleetName: fleet })));
    const seconds = Number(answer.data?.CacheTTL ?? Number.NaN);
    this.#registeredUntil = clock.steady() + Math.max(lifeSeconds.least, Number.isFinite(seconds) ? seconds : lifeSeconds.usual) * 1000;
    if (isFirst) log.info({ fleet, device }, 'the device is registered');
  }

  /** @returns the body of the answer. @throws FescueError as `HeartbeatChannel.send` says */
  async #call(operation: string, content: object): Promise<string> {
    const { endpoint, region, credentials: current, clock, timeoutMs = defaultTimeoutMs } = this.#options;
    const url = new URL(`${endpoint}/${operation}`);
    const credentials = current();
    if (credentials === undefined) throw new FescueError('unavailable', `${operation}: there are no AWS credentials to sign it with.`);
    const body = JSON.stringify(content);
    const headers = await signedHeaders({ url, body, region, service: 'sagemaker', credentials, nowMs: clock.now() });
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
      const text = await boundedText(response);
      if (!response.ok) throw refusal(operation, response.status, errorWords(response, text));
      return text;
    } catch (error) {
      if (error instanceof FescueError) throw error;
      throw new FescueError('unavailable', `${operation}: ${url.origin} cannot be reached (${reasonOf(error)}).`, { cause: error });
    }
  }
}

function refusal(operation: string, status: number, reason: string): FescueError {
  const told = `${operation} was answered with status ${status}${reason}`;
  if (status === 401 || status === 403) return new FescueError('failed-precondition', `${told}. The role of the device has to allow sagemaker:${operation}, and the clock of the device has to be right.`);
  if (status === 429 || status >= 500) return new FescueError('unavailable', `${told}.`);
  const remedy = operation === 'GetDeviceRegistration' ? ' Register the device in the fleet (DeviceName, DeviceFleetName).' : '';
  return new FescueError(operation === 'GetDeviceRegistration' ? 'failed-precondition' : 'invalid-argument', `${told}.${remedy}`);
}

/** What an error of the service says of itself, shortened, in words that end a sentence. */
function errorWords(response: Response, text: string): string {
  const type = (response.headers.get('x-amzn-errortype') ?? '').split(':')[0] ?? '';
  const parsed = z.looseObject({ message: z.string().optional(), Message: z.string().optional() }).safeParse(jsonOf(text));
  const message = parsed.data?.message ?? parsed.data?.Message ?? '';
  const words = [type, message].filter((one) => one !== '').join(': ').slice(0, 200).replace(/\.$/, '');
  return words === '' ? '' : ` (${words})`;
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostAnswerBytes) throw new Error(`the answer has more than ${mostAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch tells the cause of a failed connection only below its own error. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message || String(Reflect.get(error.cause, 'code')) : messageOf(error);
}
