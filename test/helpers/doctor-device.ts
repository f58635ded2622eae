import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Finished } from '../../scripts/deploy/run-process.ts';
import type { Subject, Verdict } from '../../scripts/doctor/check.ts';
import { deviceChecks } from '../../scripts/doctor/device/device-checks.ts';
import type { DeviceContext, DeviceView, System } from '../../scripts/doctor/device/device-view.ts';

/** A machine whose files lie below `base`, and whose programs answer what is given: by the first words of the command line. */
export function systemIn(base: string, programs: Readonly<Record<string, Partial<Finished>>> = {}, environment: NodeJS.ProcessEnv = {}): System {
  return {
    base,
    environment,
    run: async (argv) => {
      const answer = Object.entries(programs).find(([words]) => argv.join(' ').startsWith(words))?.[1];
      return answer === undefined ? { code: 127, stdout: '', stderr: `${argv[0]}: not found` } : { code: 0, stdout: '', stderr: '', ...answer };
    },
  };
}

export type ClassicOptions = {
  readonly thingName?: string;
  readonly version?: string;
  readonly roleAlias?: string;
  readonly tokenExchangePort?: number;
  /** Configuration by component. */
  readonly components?: Readonly<Record<string, object>>;
};

/** What a classic nucleus writes of itself. */
export function effectiveConfig({ thingName = 'camera-4', version = '2.14.0', roleAlias = 'SageMakerEdge-lobby', tokenExchangePort, components = {} }: ClassicOptions): string {
  return stringify({
    system: { rootpath: '/greengrass/v2', thingName, certificateFilePath: '/greengrass/v2/thingCert.crt' },
    services: {
      'aws.greengrass.Nucleus': { componentType: 'NUCLEUS', configuration: { awsRegion: 'eu-west-1', iotRoleAlias: roleAlias, iotCredEndpoint: 'x.credentials.iot.eu-west-1.amazonaws.com' }, version },
      ...(tokenExchangePort !== undefined && { 'aws.greengrass.TokenExchangeService': { componentType: 'GENERIC', configuration: { activePort: tokenExchangePort }, version: '2.0.3' } }),
      DeploymentService: { version: '0.0.0' },
      main: { dependencies: ['DeploymentService:HARD', 'aws.greengrass.TokenExchangeService', ...Object.keys(components)] },
      ...Object.fromEntries(Object.entries(components).map(([name, configuration]) => [name, { componentType: 'GENERIC', configuration, version: '0.1.0' }])),
    },
  });
}

/** Lays files down below a folder, by their paths. */
export async function layDown(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** Runs one check of a device. */
export async function runDeviceCheck(name: string, device: DeviceView, { subject = {}, identify = refuse }: { subject?: Subject; identify?: DeviceContext['identify'] } = {}): Promise<Verdict> {
  const check = deviceChecks.find((one) => one.name === name);
  if (check === undefined) throw new Error(`there is no check ${name}`);
  const verdict = await check.run({ device, subject, identify });
  return check.reconsider?.(verdict, { subject }) ?? verdict;
}

async function refuse(): Promise<never> {
  throw new Error('nobody was to be asked');
}
