import type { Check, CloudContext } from '../check.ts';
import { fail, notApplicable, ok } from '../verdict.ts';
import { regionalCommand, setupCommand } from './remedies.ts';
import { namesOf } from './subject.ts';
import { noThing } from './thing.ts';

export const noFleet = notApplicable('no fleet named', 'Name it with --fleet.');

export const fleetChecks: readonly Check<CloudContext>[] = [
  {
    name: 'device-fleet',
    title: 'The device fleet exists',
    prerequisite: { step: '4', line: 66, says: 'Create a device fleet. Those of Edge Manager ended with it; a thing group takes their place.' },
    meaning: 'Deployments and reports have no fleet to go by.',
    after: ['aws-credentials'],
    run: async (context) => {
      const { group } = await namesOf(context);
      if (group === undefined) return noFleet;
      if ((await context.cloud.things.group(group)) === undefined) return fail(`no thing group ${group} in ${context.cloud.region}; it is what takes the place of Edge Manager's device fleet`, await setupCommand(context));
      return ok(`thing group ${group}, in place of the device fleet of Edge Manager, which ended`);
    },
  },
  {
    name: 'device-registered',
    title: 'The device is registered in the fleet under the name of its thing',
    prerequisite: { step: '5', line: 68, says: 'Register the device with the name of the thing. Only the ended service could tell its registration; membership of the thing group takes its place.' },
    meaning: 'Deployments to the fleet leave the device out, and reports do not count it.',
    after: ['aws-credentials', 'thing', 'device-fleet'],
    run: async (context) => {
      const { thing } = context.subject;
      const { group } = await namesOf(context);
      if (thing === undefined) return noThing;
      if (group === undefined) return noFleet;
      const groups = await context.cloud.things.groupsOf(thing);
      if (groups.includes(group)) return ok(`${thing} is in thing group ${group}; GetDeviceRegistration, which said so before, ended with the service`);
      const elsewhere = groups.length === 0 ? 'in no thing group' : `in ${groups.join(', ')}`;
      return fail(`${thing} is ${elsewhere}; expected ${group}`, regionalCommand(context, 'iot', 'add-thing-to-thing-group', '--thing-name', thing, '--thing-group-name', group));
    },
  },
];
