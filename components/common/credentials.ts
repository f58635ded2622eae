import { fromHttp } from '@aws-sdk/credential-provider-http';
import { messageOf } from './errors.ts';
import type { Logger } from './log.ts';
import { within } from './within.ts';

/** Temporary credentials of the device's role. */
export type AwsCredentials = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string; readonly expiration?: Date };

export type CredentialOptions = {
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Logger;
  /** Longest wait of `start`, in milliseconds. */
  readonly startTimeoutMs?: number;
  /** Longest wait for one answer, in milliseconds. */
  readonly attemptTimeoutMs?: number;
  /** Time from a failed attempt to the next, in milliseconds. */
  readonly retryMs?: number;
};

/**
 * The nucleus keeps giving out the same credentials until five minutes before they expire, so asking earlier than
 * that brings nothing new.
 */
const refreshAheadMs = 4 * 60_000;
const shortestPauseMs = 1_000;
// setTimeout fires at once for more.
const longestPauseMs = 2 ** 31 - 1;

/**
 * Gets temporary credentials from the token exchange service and replaces them before they expire. Without them it
 * goes on and keeps trying: whoever needs AWS asks `current`.
 */
export class CredentialKeeper {
  readonly #options: CredentialOptions;
  readonly #stopped = new AbortController();
  #current: AwsCredentials | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CredentialOptions) {
    this.#options = options;
  }

  /** Makes the first attempt and reports its outcome; resolves in bounded time whatever the endpoint does. */
  async start(): Promise<void> {
    if (this.#options.environment['AWS_CONTAINER_CREDENTIALS_FULL_URI'] === undefined) {
      this.#options.log.info('no token exchange service in the environment; going on without AWS credentials');
      return;
    }
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#options.log.warn('the token exchange service has not answered yet; going on without AWS credentials until it does');
      patience.resolve();
    }, this.#options.startTimeoutMs ?? 3_000);
    await Promise.race([this.#refresh(), patience.promise]);
    clearTimeout(timer);
  }

  /** The credentials, unless there are none or they have expired. */
  current(): AwsCredentials | undefined {
    const expired = (this.#current?.expiration?.getTime() ?? Infinity) <= Date.now();
    return expired ? undefined : this.#current;
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  async #refresh(): Promise<void> {
    const { log, retryMs } = this.#options;
    try {
      const credentials = await this.#fetch();
      if (this.#stopped.signal.aborted) return;
      const event = { until: credentials.expiration?.toISOString() };
      log.info(event, this.#current === undefined ? 'got AWS credentials from the token exchange service' : 'refreshed the AWS credentials');
      this.#current = credentials;
      this.#schedule(pauseUntilRefresh(credentials));
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      const until = this.current()?.expiration?.toISOString();
      const standing = until === undefined ? 'going on without AWS credentials' : 'keeping the present AWS credentials';
      log.warn({ reason: reasonOf(error), ...(until === undefined ? {} : { until }) }, `the token exchange service gave no credentials; ${standing} and asking again`);
      this.#schedule(retryMs ?? 30_000);
    }
  }

  async #fetch(): Promise<AwsCredentials> {
    const { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = this.#options.environment;
    const timeoutMs = this.#options.attemptTimeoutMs ?? 60_000;
    const provider = fromHttp({
      ...(uri === undefined ? {} : { awsContainerCredentialsFullUri: uri }),
      ...(token === undefined ? {} : { awsContainerAuthorizationToken: token }),
      timeout: timeoutMs,
      maxRetries: 0,
    });
    // The provider's own time limit only prints a warning when a server takes the request and never answers.
    const credentials = await within(timeoutMs, provider(), () => new Error(`no answer within ${timeoutMs / 1000} s`));
    if ((credentials.expiration?.getTime() ?? Infinity) <= Date.now()) throw new Error(`they expired at ${credentials.expiration?.toISOString()}`);
    return credentials;
  }

  #schedule(pauseMs: number): void {
    this.#timer = setTimeout(() => void this.#refresh(), pauseMs);
    // Waiting for the next refresh keeps no process alive.
    this.#timer.unref();
  }
}

/** Until shortly before they expire; short-lived ones are used for half of their life. */
function pauseUntilRefresh({ expiration }: AwsCredentials): number {
  if (expiration === undefined) return longestPauseMs;
  const leftMs = expiration.getTime() - Date.now();
  return Math.min(Math.max(leftMs - refreshAheadMs, leftMs / 2, shortestPauseMs), longestPauseMs);
}

/** Why there are none, without what the endpoint sent: a JSON error quotes the text, which may hold a secret. */
function reasonOf(error: unknown): string {
  return error instanceof SyntaxError || error instanceof TypeError ? 'the answer is no credentials object' : messageOf(error);
}
