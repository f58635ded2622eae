import type { CoreDevice } from '../../cloud/cloud.ts';
import type { Check, CloudContext, Verdict } from '../check.ts';
import { fail, notApplicable, ok, warning } from '../verdict.ts';
import { regionalCommand } from './remedies.ts';
import { noThing } from './thing.ts';

/** A core device tells its state at least once a day. */
const longestSilenceMs = 25 * 60 * 60 * 1000;
const install = 'Install Greengrass V2 on the device, by docs/devices/README.md; it tells the cloud of itself once it has connected.';

export const coreCheck: Check<CloudContext> = {
  name: 'core-device',
  title: 'The cloud knows the device as a healthy core device of Greengrass V2',
  prerequisite: { step: '1', line: 7, says: 'Install the Greengrass Core software, of version 2 (line 73).' },
  meaning: 'Nothing can be deployed to the device.',
  after: ['aws-credentials', 'thing'],
  run: async (context) => {
    const { thing } = context.subject;
    if (thing === undefined) return noThing;
    const core = await context.cloud.cores.get(thing);
    return core === undefined ? fail(`the cloud knows no core device ${thing}`, install) : coreVerdict(core, context);
  },
};

export const componentCheck: Check<CloudContext> = {
  name: 'custom-component',
  title: 'A custom private component is deployed',
  prerequisite: { step: '6', line: 70, says: 'Create at least one custom private component, which runs inference.' },
  meaning: 'Nothing runs inference on the device.',
  after: ['aws-credentials', 'thing', 'core-device'],
  run: async ({ cloud, subject: { thing } }) => {
    if (thing === undefined) return noThing;
    const installed = await cloud.cores.installedComponents(thing);
    const own = installed.filter(({ name }) => !name.startsWith('aws.greengrass.'));
    if (own.length > 0) return ok(list(own.map(({ name, version }) => `${name} ${version}`)));
    if (installed.length === 0 && (await cloud.cores.get(thing)) === undefined) return notApplicable(`the cloud knows no core device ${thing}`, install);
    return fail(installed.length === 0 ? 'no component at all, as far as the device has told' : `nothing but components of AWS: ${list(installed.map(({ name }) => name))}`, 'fescue deploy --to greengrass --host USER@DEVICE, or a deployment in the Greengrass console');
  },
};

function coreVerdict({ thing, nucleusVersion, status, lastSeen }: CoreDevice, context: CloudContext): Verdict {
  const seen = lastSeen === undefined ? '' : `, last heard of ${lastSeen.toISOString()}`;
  const found = `nucleus ${nucleusVersion}, ${status.toLowerCase()}${seen}`;
  if (Number.parseInt(nucleusVersion, 10) < 2) return fail(`${found}; expected version 2`, install);
  if (status !== 'HEALTHY') return fail(found, `A component is broken. Which one: ${regionalCommand(context, 'greengrassv2', 'list-installed-components', '--core-device-thing-name', thing)}`);
  if (lastSeen !== undefined && Date.now() - lastSeen.getTime() > longestSilenceMs) return warning(found, 'Look whether the device has power and network, and whether Greengrass runs there: fescue doctor on the device.');
  return ok(found);
}

function list(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}
