import { resolve } from 'node:path';
import type { SettingValues } from '../../common/settings.ts';
import type { captureSettings } from '../capture/capture-settings.ts';
import type { heartbeatSettings, HeartbeatProvider } from './heartbeat-settings.ts';

/** Whom the agent reports to and what as, complete and checked; see `heartbeat-settings.ts` for what each key does. */
export type HeartbeatConfig = {
  readonly provider: HeartbeatProvider;
  readonly periodMs: number;
  readonly fleet: string;
  readonly device: string;
  /** Whose shadow it is; undefined for a device that is no thing. */
  readonly thing: string | undefined;
  /** Holds what is to outlive the process. */
  readonly folder: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Whether the endpoint is the one that has ended. */
  readonly isEndedEndpoint: boolean;
  readonly region: string;
};

type Values = SettingValues<typeof heartbeatSettings> & Pick<SettingValues<typeof captureSettings>, 'AwsRegion' | 'LocalDataRootPath'>;
type Surroundings = { readonly environment: NodeJS.ProcessEnv; readonly fleet: string; readonly device: string };

/** @returns the configuration, and a line for each combination of values that cannot be used */
export function heartbeatConfigOf(values: Values, { environment, fleet, device }: Surroundings): { config: HeartbeatConfig; problems: readonly string[] } {
  const provider = values.Provider as HeartbeatProvider;
  const named = values.SagemakerEdgeEndpoint.replace(/\/$/, '');
  const region = values.AwsRegion || environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || '';
  const problems = provider === 'sagemaker-edge' && region === '' ? ['AwsRegion: requests of the provider sagemaker-edge are signed for a region; expected it here or in AWS_REGION, where Greengrass puts it, got none'] : [];
  const config = {
    provider,
    periodMs: values.HeartbeatPeriodSeconds * 1000,
    fleet,
    device,
    thing: environment['AWS_IOT_THING_NAME'] || undefined,
    folder: resolve(values.LocalDataRootPath),
    endpoint: named || `https://edge.sagemaker.${region}.amazonaws.com`,
    isEndedEndpoint: named === '',
    region,
  };
  return { config, problems };
}
