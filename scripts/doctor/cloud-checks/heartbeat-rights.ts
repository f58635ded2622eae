import { heartbeatTopic, reportShadow } from '../../../components/common/device-report.ts';
import type { Thing } from '../../cloud/cloud.ts';
import type { RequestContext } from '../../policy/context.ts';
import type { Check, CloudContext, Subject } from '../check.ts';
import { notApplicable } from '../verdict.ts';
import { deviceRightsVerdict, type DeviceRight } from './device-rights.ts';
import { noFleet } from './fleet.ts';
import { literal } from './requests.ts';
import { type Place, placeOf } from './subject.ts';
import { noThing } from './thing.ts';

const thingVariable = '${iot:Connection.Thing.ThingName}';

export const heartbeatRightsCheck: Check<CloudContext> = {
  name: 'heartbeat-rights',
  title: 'The IoT policies of the certificate allow heartbeats',
  meaning: 'AWS IoT Core closes the connection of the whole device at each heartbeat, and the device does not say so.',
  after: ['aws-credentials', 'thing'],
  run: async (context) => {
    const { thing: name, fleet, provider = 'iot' } = context.subject;
    if (provider !== 'iot') return notApplicable(`Provider of the agent is ${provider}: heartbeats do not go to AWS IoT Core`);
    if (name === undefined) return noThing;
    if (fleet === undefined) return noFleet;
    const thing = await context.cloud.things.thing(name);
    if (thing === undefined) return notApplicable('waits for thing');
    const rights = rightsFor({ ...context.subject, thing: name, fleet }, await placeOf(context));
    return deviceRightsVerdict({ thing: name, rights, known: connectionOf(thing), policyName: `FescueHeartbeats-${fleet}`, otherwise: 'Set Provider of the agent to none' }, context);
  },
};

type Sender = Pick<Subject, 'device'> & { readonly thing: string; readonly fleet: string };

/** What the agent does with the topics of docs/heartbeats.md. */
function rightsFor({ thing, fleet, device = thing }: Sender, { partition, region, account }: Place): readonly DeviceRight[] {
  const arn = (path: string): string => `arn:${partition}:iot:${region}:${account}:${path}`;
  const shadow = (of: string): string => `$aws/things/${of}/shadow/name/${reportShadow}/update`;
  const right = (action: string, kind: string, { asked, inPolicy }: { asked: string; inPolicy: string }): DeviceRight => ({ action, resource: arn(`${kind}/${asked}`), inPolicy: arn(`${kind}/${inPolicy}`) });
  const heartbeat = { asked: heartbeatTopic(literal(fleet), literal(device)), inPolicy: heartbeatTopic(literal(fleet), device === thing ? thingVariable : literal(device)) };
  const update = { asked: shadow(thing), inPolicy: shadow(thingVariable) };
  const rejected = { asked: `${update.asked}/rejected`, inPolicy: `${update.inPolicy}/rejected` };
  return [right('iot:Publish', 'topic', heartbeat), right('iot:Publish', 'topic', update), right('iot:Subscribe', 'topicfilter', rejected), right('iot:Receive', 'topic', rejected)];
}

/** Greengrass connects with the thing's name as client id. */
function connectionOf({ name, attributes }: Thing): RequestContext {
  const ofThing = Object.entries(attributes).map(([key, value]) => [`iot:Connection.Thing.Attributes[${key}]`, value] as const);
  return { 'iot:ClientId': name, 'iot:Connection.Thing.ThingName': name, 'iot:Connection.Thing.IsAttached': 'true', ...Object.fromEntries(ofThing) };
}
