import type { GreengrassV2 } from '@aws-sdk/client-greengrassv2';
import type { IAM } from '@aws-sdk/client-iam';
import type { IoT } from '@aws-sdk/client-iot';
import type { IoTDataPlane } from '@aws-sdk/client-iot-data-plane';
import type { S3 } from '@aws-sdk/client-s3';
import type { STS } from '@aws-sdk/client-sts';
import { productVersion } from '../../../components/common/version.ts';
import { hasCustomEndpoint } from './endpoints.ts';
import { once } from './once.ts';
import { makeRetryStrategy } from './retries.ts';
import { refuseWebPages } from './web-pages.ts';

export type ClientOptions = {
  readonly region: string;
  /** Of the AWS configuration files. */
  readonly profile?: string | undefined;
  /** URL of a server for every service. Default: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the profile's, AWS. */
  readonly endpoint?: string | undefined;
  /** Most attempts of a request that is throttled. Default: `AWS_MAX_ATTEMPTS`, or 6. */
  readonly attempts?: number | undefined;
  /** Longest pause before the second attempt, which doubles with each. Default: 500. */
  readonly pauseMs?: number | undefined;
  /** Longest time until a server takes a connection. Default: 5,000. */
  readonly connectionTimeoutMs?: number | undefined;
  /** Longest time until a server has answered. Default: 15,000. */
  readonly requestTimeoutMs?: number | undefined;
};

/** The SDK's clients. Each is loaded when it is first asked for: that takes up to a tenth of a second. */
export type Clients = {
  readonly sts: () => Promise<STS>;
  readonly iam: () => Promise<IAM>;
  readonly iot: () => Promise<IoT>;
  readonly iotData: () => Promise<IoTDataPlane>;
  readonly s3: () => Promise<S3>;
  readonly greengrass: () => Promise<GreengrassV2>;
  close(): void;
};

export function openClients(options: ClientOptions): Clients {
  const open: { destroy(): void }[] = [];
  const keep = <Client extends { destroy(): void; readonly middlewareStack: unknown }>(client: Client): Client => {
    open.push(client);
    return refuseWebPages(client);
  };
  const common = settingsOf(options);
  const sts = once(async () => keep(new (await import('@aws-sdk/client-sts')).STS(common)));
  // Whatever gives credentials, such as a program that the profile names, is asked once for all clients.
  const settings = { ...common, credentials: async () => (await sts()).config.credentials() };
  const iot = once(async () => keep(new (await import('@aws-sdk/client-iot')).IoT(settings)));
  return {
    sts,
    iot,
    iam: once(async () => keep(new (await import('@aws-sdk/client-iam')).IAM(settings))),
    iotData: once(async () => keep(new (await import('@aws-sdk/client-iot-data-plane')).IoTDataPlane({ ...settings, ...(hasCustomEndpoint('IOT_DATA_PLANE', options.endpoint) ? {} : await ownDataEndpoint(await iot())) }))),
    s3: once(async () => keep(new (await import('@aws-sdk/client-s3')).S3({ ...settings, followRegionRedirects: true, forcePathStyle: hasCustomEndpoint('S3', options.endpoint) }))),
    greengrass: once(async () => keep(new (await import('@aws-sdk/client-greengrassv2')).GreengrassV2(settings))),
    close: () => {
      for (const client of open) client.destroy();
    },
  };
}

function settingsOf({ region, profile, endpoint, attempts = attemptsOfEnvironment(), pauseMs = 500, connectionTimeoutMs = 5_000, requestTimeoutMs = 15_000 }: ClientOptions) {
  return {
    region,
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    customUserAgent: [['fescue', productVersion] as [string, string]],
    maxAttempts: attempts,
    retryStrategy: makeRetryStrategy({ attempts, pauseMs }),
    requestHandler: { connectionTimeout: connectionTimeoutMs, requestTimeout: requestTimeoutMs, socketTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
  };
}

function attemptsOfEnvironment(): number {
  const named = Number(process.env['AWS_MAX_ATTEMPTS']);
  return Number.isInteger(named) && named > 0 ? named : 6;
}

/** The account's own address of device data. Whoever may not ask for it is served at the region's, too. */
async function ownDataEndpoint(iot: IoT): Promise<{ endpoint?: string }> {
  const answer = await iot.describeEndpoint({ endpointType: 'iot:Data-ATS' }).catch(() => undefined);
  return answer?.endpointAddress === undefined ? {} : { endpoint: `https://${answer.endpointAddress}` };
}
