import type { GreengrassV2 } from '@aws-sdk/client-greengrassv2';
import type { CoreDevice, CoreService, InstalledComponent } from '../cloud.ts';
import { present } from './present.ts';
import type { Service } from './service.ts';

/** Core devices in Greengrass V2. */
export function openCores(greengrass: Service<GreengrassV2>): CoreService {
  return {
    get: async (thing) => greengrass.find('GetCoreDevice', `core device ${thing}`, async (client) => describe(client, thing)),
    installedComponents: async (thing) => (await greengrass.find('ListInstalledComponents', `core device ${thing}`, async (client) => listInstalled(client, thing))) ?? [],
  };
}

async function describe(client: GreengrassV2, thing: string): Promise<CoreDevice> {
  const { coreVersion: nucleusVersion, status, lastStatusUpdateTimestamp: lastSeen } = await client.getCoreDevice({ coreDeviceThingName: thing });
  return { thing, nucleusVersion: present(nucleusVersion), status: status === 'HEALTHY' ? 'HEALTHY' : 'UNHEALTHY', lastSeen };
}

/** Also those that are there because others need them, which AWS leaves out unless asked. */
async function listInstalled(client: GreengrassV2, thing: string): Promise<InstalledComponent[]> {
  const components: InstalledComponent[] = [];
  for await (const { installedComponents = [] } of client.paginateListInstalledComponents({ coreDeviceThingName: thing, topologyFilter: 'ALL' })) {
    for (const { componentName: name, componentVersion: version, lifecycleState: state = '', isRoot = false } of installedComponents) components.push({ name: present(name), version: present(version), state, isRoot });
  }
  return components;
}
