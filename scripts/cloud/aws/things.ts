import type { IoT } from '@aws-sdk/client-iot';
import type { Thing, ThingService } from '../cloud.ts';
import { openFleetIndex } from './fleet-index.ts';
import { present } from './present.ts';
import { openRoleAliases } from './role-aliases.ts';
import type { Service } from './service.ts';
import { openThingGroups } from './thing-groups.ts';

/** IoT Core's registry. */
export function openThings(iot: Service<IoT>): ThingService {
  return {
    ...openRoleAliases(iot),
    thing: async (name) => iot.find('DescribeThing', `thing ${name}`, async (client) => describe(client, name)),
    createThing: async ({ name, attributes }) => iot.change('CreateThing', `thing ${name}`, async (client) => client.createThing({ thingName: name, attributePayload: { attributes: { ...attributes } } })),
    deleteThing: async (name) => iot.remove('DeleteThing', `thing ${name}`, async (client) => client.deleteThing({ thingName: name })),
    principalsOf: async (thing) => (await iot.find('ListThingPrincipals', `thing ${thing}`, async (client) => principalsOf(client, thing))) ?? [],
    ...openThingGroups(iot),
    ...openFleetIndex(iot),
  };
}

async function describe(client: IoT, name: string): Promise<Thing> {
  const { thingArn: arn, attributes = {} } = await client.describeThing({ thingName: name });
  return { name, arn: present(arn), attributes };
}

async function principalsOf(client: IoT, thing: string): Promise<string[]> {
  const arns: string[] = [];
  for await (const { principals = [] } of client.paginateListThingPrincipals({ thingName: thing })) arns.push(...principals);
  return arns;
}
