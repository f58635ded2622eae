import type { ThingGroup } from '../cloud/cloud.ts';
import { ownTags, ownThingAttribute } from '../cloud/names.ts';
import type { Desired } from './desired.ts';
import { isOwnThing, type ThingState } from './state.ts';
import { step, type Step } from './step.ts';

export function planGroup(there: ThingGroup | undefined, { names, fleet }: Desired): Step {
  const subject = ['thing group', names.group] as const;
  if (there !== undefined) return step('keep', subject, there.tags[ownTags.fleet] === fleet ? 'the fleet' : 'the fleet; setup did not make it');
  return step('create', subject, 'the fleet', { actions: [{ call: 'create group', group: names.group, description: `Devices of the Fescue fleet ${fleet}`, tags: { [ownTags.fleet]: fleet } }] });
}

export function planThing({ name, thing, isInGroup }: ThingState, { names, fleet }: Desired): readonly Step[] {
  const member = ['group member', name] as const;
  return [
    thing === undefined
      ? step('create', ['thing', name], 'the device', { actions: [{ call: 'create thing', thing: name, attributes: { [ownThingAttribute]: fleet } }] })
      : step('keep', ['thing', name], isOwnThing(thing, fleet) ? 'the device' : 'the device; setup did not make it'),
    isInGroup ? step('keep', member, `in ${names.group}`) : step('create', member, `in ${names.group}`, { actions: [{ call: 'add to group', thing: name, group: names.group }] }),
  ];
}
