import type { Certificate } from '../../cloud/cloud.ts';
import { thingNameRule } from '../../cloud/names.ts';
import type { Check, CloudContext, Verdict } from '../check.ts';
import { fail, notApplicable, ok, warning } from '../verdict.ts';
import { regionalCommand, setupCommand } from './remedies.ts';

export const noThing = notApplicable('no thing named', 'Name it with --thing.');
/** What IoT Core takes; under another name there can be no thing. */
const namesOfThings = /^[a-zA-Z0-9:_-]{1,128}$/;

export const thingChecks: readonly Check<CloudContext>[] = [
  {
    name: 'thing-name',
    title: 'The thing name is all lowercase, with no more than dashes',
    prerequisite: { step: '2', line: 11, says: 'The thing name is all lowercase, with no other characters than dashes.' },
    meaning: 'The device cannot be called like its thing, and its captures and reports go astray.',
    run: async (context) => (context.subject.thing === undefined ? noThing : nameVerdict(context.subject.thing, context)),
  },
  {
    name: 'thing',
    title: 'The thing exists in IoT Core, and an active certificate may connect as it',
    prerequisite: { step: '2', line: 9, says: 'Set up Greengrass V2, which registers the device as a thing.' },
    meaning: 'The device reaches neither IoT Core nor Greengrass.',
    after: ['aws-credentials'],
    run: async (context) => {
      const { thing } = context.subject;
      if (thing === undefined) return noThing;
      return namesOfThings.test(thing) ? thingVerdict(thing, context) : notApplicable('waits for thing-name');
    },
  },
];

function nameVerdict(thing: string, context: CloudContext): Verdict {
  if (thingNameRule.regex.test(thing)) return ok(thing);
  const better = thing.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 63) || 'device-1';
  return fail(`${JSON.stringify(thing)} has ${oddities(thing).join(', ')}; expected ${thingNameRule.expected}`, `A thing cannot be renamed. Make another, and install Greengrass with it: ${regionalCommand(context, 'iot', 'create-thing', '--thing-name', better)}`);
}

/** @example ['capitals', 'colons'] */
function oddities(thing: string): string[] {
  const kinds: readonly (readonly [pattern: RegExp, word: string])[] = [
    [/^$/, 'no characters'],
    [/[A-Z]/, 'capitals'],
    [/_/, 'underscores'],
    [/:/, 'colons'],
    [/[^a-zA-Z0-9_:-]/, 'characters that are no letters and digits'],
    [/^-|-$/, 'a dash at an end'],
    [/.{64}/s, `${thing.length} characters`],
  ];
  return kinds.filter(([pattern]) => pattern.test(thing)).map(([, word]) => word);
}

async function thingVerdict(thing: string, context: CloudContext): Promise<Verdict> {
  const { things } = context.cloud;
  if ((await things.thing(thing)) === undefined) return fail(`no thing ${thing} in ${context.cloud.region}`, await setupCommand(context));
  const principals = await things.principalsOf(thing);
  if (principals.length > 0) return principalsVerdict(thing, principals, context);
  return warning(`${thing} has no certificate: nothing can connect as it yet`, `Install Greengrass on the device, which registers one, or attach one that is there: ${regionalCommand(context, 'iot', 'attach-thing-principal', '--thing-name', thing, '--principal', 'ARN-OF-CERTIFICATE')}`);
}

async function principalsVerdict(thing: string, principals: readonly string[], context: CloudContext): Promise<Verdict> {
  const certificates = (await Promise.all(principals.map(async (arn) => context.cloud.things.certificate(arn)))).filter((one) => one !== undefined);
  const active = certificates.filter(({ isActive }) => isActive).length;
  if (certificates.length === 0) return warning(`${thing} has no certificate, but ${principals.join(', ')}`, 'Devices of Greengrass connect with a certificate: install Greengrass on the device, which registers one.');
  if (active === 0) return fail(`${thing} has no active certificate: ${certificates.map(({ id, status }) => `${id} is ${status}`).join(', ')}`, activation(certificates, context));
  return ok(`${thing}, with ${certificates.length === 1 ? 'an active certificate' : `${certificates.length} certificates, ${active} of them active`}`);
}

/** One that somebody revoked, or has not been transferred yet, is not for a command to bring back. */
function activation(certificates: readonly Certificate[], context: CloudContext): string {
  const inactive = certificates.find(({ status }) => status === 'INACTIVE');
  if (inactive === undefined) return 'Give the device another certificate: install Greengrass again, by docs/devices/README.md.';
  return `Unless somebody had a reason to deactivate it: ${regionalCommand(context, 'iot', 'update-certificate', '--certificate-id', inactive.id, '--new-status', 'ACTIVE')}`;
}
