import { openClients } from '../../cloud/aws/clients.ts';
import { openIdentity } from '../../cloud/aws/identity.ts';
import { openService } from '../../cloud/aws/service.ts';
import type { DeviceContext } from './device-view.ts';

/** Asks STS whose credentials are. @param endpoint a server in its place */
export function identifyAt(endpoint: string | undefined): DeviceContext['identify'] {
  return async (credentials, region) => {
    const clients = openClients({ region, credentials, endpoint });
    try {
      return await openIdentity(openService('sts', clients.sts, { region, profile: undefined })).caller();
    } finally {
      clients.close();
    }
  };
}
