import { CredentialKeeper } from '../../common/credentials.ts';
import type { Logger } from '../../common/log.ts';
import type { Clock } from '../capture/clock.ts';
import type { HeartbeatChannel } from './channel.ts';
import type { HeartbeatConfig } from './heartbeat-config.ts';
import { SagemakerChannel } from './sagemaker-channel.ts';

/** A channel with credentials of its own from the token exchange service. */
export function openSagemakerChannel({ config, environment, ...shared }: { config: HeartbeatConfig; environment: NodeJS.ProcessEnv; fleet: string; device: string; clock: Clock; log: Logger }): HeartbeatChannel {
  const keeper = new CredentialKeeper({ environment, log: shared.log });
  const channel = new SagemakerChannel({ ...shared, ...config, credentials: () => keeper.current() });
  return {
    start: () => {
      channel.start();
      void keeper.start();
    },
    send: async (report) => channel.send(report),
    stop: () => {
      channel.stop();
      keeper.stop();
    },
  };
}
