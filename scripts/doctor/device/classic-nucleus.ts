import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { FescueError, hasCode } from '../../../components/common/errors.ts';
import type { Verdict } from '../check.ts';
import { fail, warning } from '../verdict.ts';
import type { DeployedComponent, Nucleus, NucleusConfiguration } from './device-view.ts';
import { asRoot, readIfThere, statusOf } from './files.ts';
import { neededComponents } from './needed-components.ts';
import { replay } from './transaction-log.ts';

/** Keys in lower case: the nucleus takes and writes them in any. */
const system = z.looseObject({ thingname: z.coerce.string().nullish(), rootpath: z.string().nullish(), ipcsocketpath: z.string().nullish() });
const service = z.looseObject({ componentType: z.string().nullish(), version: z.coerce.string().nullish(), dependencies: z.array(z.string()).nullish().catch(undefined), configuration: z.record(z.string(), z.unknown()).nullish() });
export const nucleusConfigurationFile = z.looseObject({ system: z.record(z.string(), z.unknown()).transform(lowerCase).pipe(system).nullish(), services: z.record(z.string(), service.catch({})).nullish() });
type ConfigurationFile = z.output<typeof nucleusConfigurationFile>;

type Read = { readonly file: string } & ({ readonly content: ConfigurationFile } | { readonly problem: Verdict });

/** The classic nucleus of a root; undefined when there is none. */
export async function classicNucleus(root: string): Promise<Nucleus | undefined> {
  const read = await readConfiguration(root);
  if (read === undefined) return undefined;
  const common = { kind: 'classic', root, configurationFile: read.file, ipcSocket: join(root, 'ipc.socket') } as const;
  if ('problem' in read) return { ...common, configuration: undefined, problem: read.problem };
  return { ...common, ipcSocket: read.content.system?.ipcsocketpath || common.ipcSocket, configuration: await configurationOf(read.content, root) };
}

async function readConfiguration(root: string): Promise<Read | undefined> {
  const [log, effective] = [join(root, 'config/config.tlog'), join(root, 'config/effectiveConfig.yaml')];
  let file = log;
  try {
    const changes = await readIfThere(log);
    // Cut off or damaged, it tells nothing of the nucleus itself.
    const current = nucleusConfigurationFile.safeParse(replay(changes ?? '')).data;
    if (current?.services !== undefined) return { file, content: current };
    file = effective;
    const text = await readIfThere(file);
    if (text !== undefined) return { file, content: nucleusConfigurationFile.parse(parse(text)) };
    const isInstalled = (await statusOf(join(root, 'config'))) !== undefined || (await statusOf(join(root, 'alts'))) !== undefined;
    return isInstalled ? { file, problem: fail(`${file} is missing: the nucleus has never been started`, 'Start it: sudo systemctl start greengrass') } : undefined;
  } catch (error) {
    if (error instanceof FescueError) return { file, problem: warning(`${file} cannot be read: only root may`, asRoot) };
    if (!(error instanceof YAMLParseError) && !(error instanceof z.ZodError)) throw error;
    return { file, problem: fail(`${file} is no configuration of a nucleus`, 'Restart the nucleus, which writes it anew: sudo systemctl restart greengrass') };
  }
}

async function configurationOf({ system: own, services = {} }: ConfigurationFile, root: string): Promise<NucleusConfiguration> {
  const all = Object.entries(services ?? {});
  const isNeeded = neededComponents(services ?? {});
  const nucleus = all.find(([name, { componentType }]) => componentType === 'NUCLEUS' || name === 'aws.greengrass.Nucleus')?.[1];
  const port = services?.['aws.greengrass.TokenExchangeService']?.configuration?.['activePort'];
  return {
    version: nucleus?.version ?? (await versionOfDistribution(root)),
    thingName: textOf(own?.thingname),
    roleAlias: textOf(nucleus?.configuration?.['iotRoleAlias']),
    region: textOf(nucleus?.configuration?.['awsRegion']),
    tokenExchangeUrl: typeof port === 'number' ? `http://localhost:${port}/2016-11-01/credentialprovider/` : undefined,
    // What has no type is a part of the nucleus.
    components: all.flatMap(([name, one]): DeployedComponent[] => (!one.version || !one.componentType || one.componentType === 'NUCLEUS' || !isNeeded(name) ? [] : [{ name, version: one.version, configuration: one.configuration ?? {} }])),
  };
}

/** The folder that the nucleus is started from lies below its version. */
async function versionOfDistribution(root: string): Promise<string | undefined> {
  try {
    return /\/aws\.greengrass\.Nucleus\/(\d[^/]*)\//.exec(await readlink(join(root, 'alts/current/distro')))?.[1];
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EINVAL', 'EACCES')) return undefined;
    throw error;
  }
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function lowerCase(keys: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => [key.toLowerCase(), value]));
}
