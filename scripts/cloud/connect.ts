import { FescueError } from '../../components/common/errors.ts';
import { openBuckets } from './aws/buckets.ts';
import { openClients, type ClientOptions } from './aws/clients.ts';
import { openCores } from './aws/cores.ts';
import { openIdentity } from './aws/identity.ts';
import { resolveRegion } from './aws/region.ts';
import { openRoles } from './aws/roles.ts';
import { openService } from './aws/service.ts';
import { openShadows } from './aws/shadows.ts';
import { openThings } from './aws/things.ts';
import type { Cloud } from './cloud.ts';

/** @property region default: that of the environment, or of the profile */
export type ConnectOptions = Omit<ClientOptions, 'region'> & { readonly region?: string | undefined };

/**
 * AWS, with the credentials that its command line would use. Nothing is asked of it yet.
 *
 * @example const cloud = await connectCloud({ region: 'eu-west-1', profile: 'factory' });
 * @throws FescueError `invalid-argument` for a bad region or endpoint, `failed-precondition` when no region is known
 */
export async function connectCloud(options: ConnectOptions = {}): Promise<Cloud> {
  const { endpoint, profile } = options;
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint)) throw new FescueError('invalid-argument', `${JSON.stringify(endpoint.slice(0, 200))} is no endpoint: expected a URL such as http://localhost:5000.`);
  const region = await resolveRegion(options);
  const clients = openClients({ ...options, region });
  const place = { region, profile };
  return {
    region,
    identity: openIdentity(openService('sts', clients.sts, place)),
    roles: openRoles(openService('iam', clients.iam, place)),
    things: openThings(openService('iot', clients.iot, place)),
    buckets: openBuckets(openService('s3', clients.s3, place), region),
    shadows: openShadows(openService('iot', clients.iotData, place)),
    cores: openCores(openService('greengrass', clients.greengrass, place)),
    close: () => clients.close(),
  };
}
