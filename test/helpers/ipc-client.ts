import { join } from 'node:path';
import { createClient, type Client } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc.js';
import { onTestFinished, vi } from 'vitest';
import type { TestNucleus } from './use-nucleus.ts';

/** A script by which a component lets the test speak for it. */
export const printToken = 'echo "token $SVCUID"';

/** Gives this process the environment of a component that ran `printToken`. */
export function asComponent(nucleus: TestNucleus, component: string): void {
  vi.stubEnv('SVCUID', nucleus.output(component)[0]?.slice('token '.length));
  vi.stubEnv('AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT', join(nucleus.nucleus.root, 'ipc.socket'));
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** AWS's own client, connected as a component. */
export async function clientOf(nucleus: TestNucleus, component: string): Promise<Client> {
  asComponent(nucleus, component);
  const client = createClient();
  await client.connect();
  onTestFinished(async () => client.close());
  return client;
}
