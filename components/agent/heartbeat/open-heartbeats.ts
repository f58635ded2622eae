import type { IpcLink } from '../../common/ipc-link.ts';
import type { Logger } from '../../common/log.ts';
import type { Captures } from '../capture/captures.ts';
import { systemClock } from '../capture/clock.ts';
import type { ModelRegistry } from '../model-registry.ts';
import type { HeartbeatChannel } from './channel.ts';
import type { HeartbeatConfig } from './heartbeat-config.ts';
import { Heartbeats } from './heartbeats.ts';
import { IotChannel } from './iot-channel.ts';
import type { ModelTally } from './model-tally.ts';

export type OpenOptions = {
  readonly config: HeartbeatConfig;
  readonly environment: NodeJS.ProcessEnv;
  readonly isComponent: boolean;
  readonly link: IpcLink;
  readonly models: ModelRegistry;
  readonly tally: ModelTally;
  readonly captures: Captures;
  readonly log: Logger;
};

/** The heartbeats that the configuration asks for; undefined for none. */
export async function openHeartbeats(options: OpenOptions): Promise<Heartbeats | undefined> {
  const { config, models, tally, captures, log } = options;
  const channel = await openChannel(options);
  if (channel === undefined) return undefined;
  const heartbeats = new Heartbeats({ config, channel, models, tally, captures, clock: systemClock, log });
  tally.onChange(() => heartbeats.changed());
  return heartbeats;
}

async function openChannel({ config, environment, isComponent, link, log }: OpenOptions): Promise<HeartbeatChannel | undefined> {
  if (config.provider === 'none') return undefined;
  const shared = { fleet: config.fleet, device: config.device, clock: systemClock, log };
  if (config.provider === 'sagemaker-edge') {
    // With the libraries that find credentials and sign, which nobody else needs here.
    const { openSagemakerChannel } = await import('./open-sagemaker-channel.ts');
    return openSagemakerChannel({ ...shared, config, environment });
  }
  if (isComponent && config.thing !== undefined) return new IotChannel({ ...shared, link, thing: config.thing, random: Math.random });
  log.info(`no heartbeats: Provider iot reports through Greengrass${isComponent ? ' as a thing of AWS IoT, which this device is not' : ', which did not start this process'}`);
  return undefined;
}
