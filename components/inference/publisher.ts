import { setTimeout as sleep } from 'node:timers/promises';
import { FescueError } from '../common/errors.ts';
import type { IpcLink } from '../common/ipc-link.ts';
import type { ResultMessage } from './result-message.ts';

/** Brings results to whoever waits for them. */
export type Publisher = {
  /** @throws FescueError when the message cannot be delivered after some attempts */
  publish(message: ResultMessage): Promise<void>;
};

/** One JSON line per result. */
export const stdoutPublisher: Publisher = {
  async publish(message) {
    await new Promise<void>((done, fail) => {
      process.stdout.write(`${JSON.stringify(message)}\n`, (error) => (error instanceof Error ? fail(error) : done()));
    });
  },
};

const attempts = 4;
const firstPauseMs = 250;

/**
 * Publishes through the nucleus.
 *
 * @param options.to `iot-core` at QoS 1, or `local` for the components of this device
 */
export function greengrassPublisher(options: { ipc: IpcLink; to: 'iot-core' | 'local'; topic: string }): Publisher {
  const { ipc, to, topic } = options;
  const send = async (message: ResultMessage): Promise<void> => {
    const connection = await ipc.connection();
    if (to === 'local') await connection.publishToTopic(topic, message);
    else await connection.publishToIotCore(topic, new TextEncoder().encode(JSON.stringify(message)));
  };
  return {
    async publish(message) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await send(message);
        } catch (error) {
          // A refusal stays one; a lost connection may come back.
          if (attempt === attempts || !(error instanceof FescueError && error.kind === 'unavailable')) throw error;
          await sleep(firstPauseMs * 2 ** (attempt - 1));
        }
      }
    },
  };
}
