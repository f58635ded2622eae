import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { AgentClient } from '../../components/common/agent-client.ts';
import { LocalNucleus, type NucleusOptions } from '../../scripts/local-nucleus/nucleus.ts';
import { buildComponents } from '../../scripts/packaging/build-components.ts';
import { componentNames } from '../../scripts/packaging/recipes.ts';
import { layDown } from './doctor-device.ts';
import { authority, chainOf } from './signing.ts';

const day = 24 * 60 * 60_000;

export type Camera = {
  readonly folder: string;
  /** Of the local nucleus. */
  readonly root: string;
  readonly socketPath: string;
  readonly nucleus: LocalNucleus;
  stop(): Promise<void>;
};

/**
 * Starts a device for tests that share it: the thing camera-4 of the fleet lobby in eu-west-1, whose agent serves the sample
 * model and has trusted certificates in `trust.pem`. `bin/timedatectl` in its folder takes the clock for synchronised.
 */
export async function startCamera(options: Partial<NucleusOptions> = {}): Promise<Camera> {
  const folder = await mkdtemp(join(tmpdir(), 'fescue-camera-'));
  const [root, socketPath] = [join(folder, 'root'), join(folder, 'agent.sock')];
  await layDown(folder, { 'bin/timedatectl': '#!/bin/sh\necho yes\n' });
  await chmod(join(folder, 'bin/timedatectl'), 0o755);
  await writeFile(join(folder, 'trust.pem'), chainOf(await authority({ notAfter: new Date(Date.now() + 365 * day) })));
  const { recipeDir, artifactDir, components } = await buildComponents({ folder: join(folder, 'build') });
  const nucleus = new LocalNucleus({ root, environment: process.env, thingName: 'camera-4', region: 'eu-west-1', ...options });
  const stop = async (): Promise<void> => {
    await nucleus.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await nucleus.start();
    const settings = { UnixSocketName: socketPath, TrustedCertificatesPath: join(folder, 'trust.pem'), ModelSignature: 'if-present', CaptureDataDestination: 'Disk', DeviceFleetName: 'lobby' };
    await nucleus.deploy({ recipeDir, artifactDir, components, configuration: { [componentNames.agent]: { MERGE: settings } } });
    const client = new AgentClient({ socketPath });
    await vi.waitFor(async () => expect(await client.listModels({ timeoutMs: 5_000 })).toHaveLength(1), { timeout: 60_000 });
    client.close();
  } catch (error) {
    await stop();
    throw error;
  }
  return { folder, root, socketPath, nucleus, stop };
}
