import { join } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { FescueError } from '../../../components/common/errors.ts';
import { parseUnits, unitProperties } from '../../deploy/lite-output.ts';
import { mergeJson, type JsonValue } from '../../local-nucleus/config-store.ts';
import { segment } from '../../local-nucleus/store.ts';
import { fail, warning } from '../verdict.ts';
import { nucleusConfigurationFile, textOf } from './classic-nucleus.ts';
import type { DeployedComponent, Nucleus, NucleusConfiguration, System } from './device-view.ts';
import { asRoot, namesIn, readIfThere } from './files.ts';

const usualRoot = '/var/lib/greengrass';
const commandTimeoutMs = 10_000;

/** The nucleus lite of this machine, by its configuration in `/etc/greengrass`; undefined when there is none. */
export async function liteNucleus(system: System): Promise<Nucleus | undefined> {
  const folder = join(system.base, 'etc/greengrass');
  const common = { kind: 'lite', root: join(system.base, usualRoot), configurationFile: join(folder, 'config.yaml'), ipcSocket: join(system.base, usualRoot, 'gg-ipc.socket') } as const;
  try {
    const texts = await configurationTexts(folder);
    if (texts.length === 0) return undefined;
    const merged = texts.map((text) => parse(text) as JsonValue).reduce(mergeJson);
    const content = nucleusConfigurationFile.parse(merged);
    const root = join(system.base, content.system?.rootpath || usualRoot);
    const nucleus = content.services?.['aws.greengrass.NucleusLite']?.configuration;
    const configuration: NucleusConfiguration = {
      thingName: textOf(content.system?.thingname),
      roleAlias: textOf(nucleus?.['iotRoleAlias']),
      region: textOf(nucleus?.['awsRegion']),
      components: await deployedComponents(system, root),
    };
    return { ...common, root, ipcSocket: join(root, 'gg-ipc.socket'), configuration };
  } catch (error) {
    if (error instanceof FescueError) return { ...common, configuration: undefined, problem: warning(`${folder} cannot be read: only root may`, asRoot) };
    if (!(error instanceof YAMLParseError) && !(error instanceof z.ZodError)) throw error;
    return { ...common, configuration: undefined, problem: fail(`${folder} holds no configuration of nucleus lite`, 'Correct config.yaml by its guide, remove config.db in its root, and restart greengrass-lite.target.') };
  }
}

/** Later ones win. */
async function configurationTexts(folder: string): Promise<string[]> {
  const more = ((await namesIn(join(folder, 'config.d'))) ?? []).filter((name) => /\.ya?ml$/.test(name)).map((name) => join(folder, 'config.d', name));
  const texts = [];
  for (const path of [join(folder, 'config.yaml'), ...more]) texts.push(await readIfThere(path));
  return texts.filter((text) => text !== undefined);
}

/** By their units. What they are configured with is in a database of its own; where nothing was deployed from AWS, it is what the recipe says. */
async function deployedComponents(system: System, root: string): Promise<DeployedComponent[] | undefined> {
  const { code, stdout } = await system.run(['systemctl', 'show', '--all', `--property=${unitProperties.join(',')}`, '--', 'ggl.*.service'], { timeoutMs: commandTimeoutMs });
  if (code !== 0) return undefined;
  const components = parseUnits(stdout).filter(({ name }) => !name.startsWith('aws.'));
  return Promise.all(components.map(async ({ name, version }) => ({ name, version, configuration: version === '' ? {} : await configurationInRecipe(root, name, version) })));
}

const recipe = z.looseObject({ ComponentConfiguration: z.looseObject({ DefaultConfiguration: z.record(z.string(), z.unknown()) }) });

async function configurationInRecipe(root: string, name: string, version: string): Promise<Record<string, unknown>> {
  for (const extension of ['json', 'yaml', 'yml']) {
    const text = await readIfThere(join(root, 'packages/recipes', `${segment(name)}-${segment(version)}.${extension}`));
    if (text === undefined) continue;
    const parsed = recipe.safeParse(parse(text));
    return parsed.success ? parsed.data.ComponentConfiguration.DefaultConfiguration : {};
  }
  return {};
}
