import { messageOf } from '../../components/common/errors.ts';
import { CloudError } from '../cloud/cloud-error.ts';
import type { Cloud, Thing } from '../cloud/cloud.ts';
import type { FleetNames } from '../cloud/names.ts';
import { beforeInstaller, classicInstaller, liteConfiguration } from './installer.ts';

export type Nucleus = 'classic' | 'lite';

/**
 * What to run on each device, for a shell; or for nucleus lite, its configuration.
 *
 * @param options.problem told when AWS cannot say what the things are like: then they are taken for new ones
 */
export async function installerText(cloud: Pick<Cloud, 'things' | 'region'>, { nucleus, things, names, problem }: { nucleus: Nucleus; things: readonly string[]; names: FleetNames; problem: (text: string) => void }): Promise<string> {
  const { region } = cloud;
  if (nucleus === 'lite') return things.map((thing) => `# ${thing}\n${liteConfiguration({ thing, names, region })}`).join('\n');
  const blocks: string[] = [];
  for (const thing of things) {
    const before = beforeInstaller(await look(cloud, thing, problem), { region });
    blocks.push([`# ${thing}: on the device, with AWS credentials in the environment that may provision it`, ...before, classicInstaller({ thing, names, region })].map((line) => `${line}\n`).join(''));
  }
  return blocks.join('\n');
}

async function look({ things }: Pick<Cloud, 'things'>, thing: string, problem: (text: string) => void): Promise<Thing | undefined> {
  try {
    return await things.thing(thing);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    problem(`Whether thing ${thing} is there already was not found out: ${messageOf(error)}`);
    return undefined;
  }
}
