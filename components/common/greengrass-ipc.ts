import { once } from 'node:events';
import { connect } from 'node:net';
import { FescueError } from './errors.ts';

/** A part of a component's configuration. */
export type ConfigurationPart = {
  /** The caller's own without a name. */
  readonly component?: string;
  /** The whole of it without a path. */
  readonly keyPath?: readonly string[];
};

/** What a nucleus says of a deployment: that it is about to stop components, or that it is done with that. */
export type UpdateEvent = { readonly kind: 'before' | 'after'; readonly deploymentId: string };

/** The answer to the news of a deployment. */
export type UpdateAnswer = {
  readonly deploymentId: string;
  /** When to ask again, in milliseconds; 0 lets it happen. */
  readonly recheckAfterMs: number;
  readonly message: string;
};

/** What a component asks of the nucleus, over Greengrass IPC. */
export type GreengrassIpc = {
  /** A component's whole configuration, the caller's own without a name; undefined when there is none. */
  getConfiguration(component?: string): Promise<Record<string, unknown> | undefined>;
  /** Calls `listener` with each change of a configuration, several times when several keys change, until the connection ends. */
  onConfigurationUpdate(part: ConfigurationPart, listener: () => void): Promise<void>;
  /** Calls `listener` before and after each deployment that asks components whether it may, until the connection ends. */
  onComponentUpdate(listener: (event: UpdateEvent) => void): Promise<void>;
  /** Answers such a question, which a listener has to do at once: the nucleus waits for all of them. */
  answerUpdate(answer: UpdateAnswer): Promise<void>;
  /** Publishes to AWS IoT Core at QoS 1 through the nucleus, which queues while the device is offline. */
  publishToIotCore(topic: string, payload: Uint8Array): Promise<void>;
  /**
   * Calls `listener` with each message of AWS IoT Core on a topic, until the connection ends. The classic nucleus answers when
   * it is online, be it weeks later, and is waited for: it would answer each further request as well.
   */
  onIotCoreMessage(topic: string, listener: (payload: Uint8Array) => void): Promise<void>;
  /** Publishes a JSON object to the components of this device. */
  publishToTopic(topic: string, message: object): Promise<void>;
  updateState(state: 'RUNNING' | 'ERRORED'): Promise<void>;
  /** Resolves with the reason when the connection ends in any way but `close`. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
};

/** What caused an error of a call that the nucleus refused: the nucleus's name of the refusal, and the error itself. */
export type Refusal = { readonly refusal: string; readonly error: unknown };

/** The nucleus's name of a refusal, such as `UnauthorizedError`; undefined when it was none. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof FescueError) || error.kind !== 'failed-precondition') return undefined;
  return (error.cause as Partial<Refusal> | undefined)?.refusal;
}

const socketVariable = 'AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT';

/** Whether this process was started by a nucleus. */
export function isGreengrassComponent(environment: NodeJS.ProcessEnv): boolean {
  return environment['SVCUID'] !== undefined && environment[socketVariable] !== undefined;
}

/** Whether there is a nucleus that takes connections, be it to close them. */
export async function isNucleusServing(environment: NodeJS.ProcessEnv): Promise<boolean> {
  const socket = connect(environment[socketVariable] ?? '');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * Connects to the nucleus that started this process. The client and its native library are loaded only now.
 *
 * @param options.timeoutMs bound of the connection attempt and of every call but `onIotCoreMessage`
 * @throws FescueError `unavailable` when the nucleus does not answer or does not accept the token. The methods reject
 * with `failed-precondition` when the nucleus refuses, else with `unavailable`.
 */
export async function connectGreengrassIpc(options: { timeoutMs: number }): Promise<GreengrassIpc> {
  const { connectClient } = await import('./greengrass-client.ts');
  return connectClient(options);
}
