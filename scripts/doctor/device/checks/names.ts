import { roleAliasRule, thingNameRule } from '../../../cloud/names.ts';
import type { Check, Verdict } from '../../check.ts';
import { fail, notApplicable, ok } from '../../verdict.ts';
import type { DeviceContext, DeviceView, NucleusConfiguration } from '../device-view.ts';
import { targetFlags } from '../target-flags.ts';

const unknown = 'the configuration of the nucleus is not known';
const provision = 'Register the device and restart the nucleus, by docs/devices/README.md; fescue setup prints the command.';

export const nameChecks: readonly Check<DeviceContext>[] = [
  {
    name: 'device-thing-name',
    title: 'The thing name is in lowercase with dashes, and the device has the same',
    prerequisite: { step: '2', line: 11, says: 'The thing name is all lowercase, with no other characters than dashes; the name of the device is the same (line 74).' },
    meaning: 'Captured data and reports come under another name than the thing has, or under none.',
    after: ['greengrass'],
    run: async (context) => whereKnown(context, (configuration) => thingVerdict(configuration, context)),
  },
  {
    name: 'device-role-alias',
    title: 'The nucleus has the role alias in question',
    prerequisite: { step: '2', line: 9, says: 'Set up Greengrass V2 with a role alias; the role behind it is what the next steps are about.' },
    meaning: 'Components get no credentials, or those of another role.',
    after: ['greengrass'],
    run: async (context) => whereKnown(context, (configuration) => aliasVerdict(configuration, context)),
  },
  {
    name: 'device-component',
    title: 'A custom private component is deployed here',
    prerequisite: { step: '6', line: 70, says: 'Create at least one custom private component, which runs inference.' },
    meaning: 'Nothing runs inference on this device.',
    after: ['greengrass'],
    run: async (context) => whereKnown(context, ({ components }) => componentVerdict(components, context.device)),
  },
];

function whereKnown({ device: { nucleus } }: DeviceContext, judge: (configuration: NucleusConfiguration) => Verdict): Verdict {
  return nucleus?.configuration === undefined ? notApplicable(unknown) : judge(nucleus.configuration);
}

function thingVerdict({ thingName }: NucleusConfiguration, { device: view, subject }: DeviceContext): Verdict {
  const { agent, nucleus } = view;
  if (nucleus?.kind === 'local' && thingName === undefined) return notApplicable('the local nucleus gives the thing a name while it runs');
  if (thingName === undefined) return fail('the nucleus has no thing name: it is not registered', provision);
  if (!thingNameRule.regex.test(thingName)) return fail(`the thing is called ${thingName}; expected ${thingNameRule.expected}`, `A thing cannot be renamed. Make another one, and install the nucleus with it: fescue setup --fleet ${subject.fleet ?? 'FLEET'} --thing ${suggestion(thingName)} --apply`);
  if (subject.thing !== undefined && subject.thing !== thingName) return fail(`the thing of this device is ${thingName}, and ${subject.thing} is asked about`, `Run this on ${subject.thing}, or leave --thing away.`);
  const device = agent.settings.DeviceName;
  if (device !== '' && device !== thingName) return fail(`the thing is called ${thingName}, and the agent calls the device ${device} (DeviceName)`, `fescue deploy --reset dev.fescue.EdgeAgent:/DeviceName${targetFlags(view)}; without DeviceName it takes the thing's name.`);
  return ok(thingName);
}

function suggestion(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 63) || 'device-1';
}

function aliasVerdict({ roleAlias }: NucleusConfiguration, { device: { nucleus }, subject }: DeviceContext): Verdict {
  if (nucleus?.kind === 'local') return notApplicable('the local nucleus has none; it gives the credentials of --credentials');
  if (roleAlias === undefined) return fail('the nucleus has no role alias (iotRoleAlias)', provision);
  if (!roleAliasRule.regex.test(roleAlias)) return fail(`${roleAlias}; expected ${roleAliasRule.expected}`, provision);
  if (subject.roleAlias !== undefined && subject.roleAlias !== roleAlias) return fail(`the nucleus uses ${roleAlias}, and ${subject.roleAlias} is asked about`, `Set iotRoleAlias of aws.greengrass.Nucleus to ${subject.roleAlias} by a deployment, or leave --role-alias away.`);
  return ok(roleAlias);
}

function componentVerdict(components: NucleusConfiguration['components'], device: DeviceView): Verdict {
  if (components === undefined) return notApplicable('what is deployed here cannot be told: systemd does not answer');
  const own = components.filter(({ name }) => !name.startsWith('aws.'));
  if (own.length > 0) return ok(own.map(({ name, version }) => `${name} ${version}`.trim()).join(', '));
  return fail('nothing but components of AWS', `fescue deploy${targetFlags(device)}`);
}
