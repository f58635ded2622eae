import type { Client } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';
import type { CreateLocalDeploymentRequest, LocalDeployment } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import { onTestFinished } from 'vitest';
import { readCliInfo } from '../../scripts/deploy/cli-info.ts';
import { connectCliClient } from '../../scripts/deploy/cli-ipc.ts';
import { eventually } from './use-agent.ts';

/** AWS's own client, with the credentials of greengrass-cli. */
export async function commandLineClient(root: string): Promise<Client> {
  const info = await readCliInfo(root);
  if (info === undefined) throw new Error(`no nucleus has opened itself to command lines in ${root}`);
  const client = await connectCliClient(info);
  onTestFinished(async () => client.close());
  return client;
}

/** Creates a deployment and waits until it is over. */
export async function deployOverIpc(client: Client, request: CreateLocalDeploymentRequest): Promise<LocalDeployment> {
  const { deploymentId = '' } = await client.createLocalDeployment(request);
  const status = async (): Promise<LocalDeployment> => (await client.getLocalDeploymentStatus({ deploymentId })).deployment;
  await eventually(async () => !['QUEUED', 'IN_PROGRESS'].includes((await status()).status), 'the deployment to end');
  return status();
}
