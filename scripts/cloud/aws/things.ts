import type { IoT } from '@aws-sdk/client-iot';
import type { Thing, ThingService } from '../cloud.ts';
import { openCertificates } from './certificates.ts';
import { openFleetIndex } from './fleet-index.ts';
import { present } from './present.ts';
import { openRoleAliases } from './role-aliases.ts';
import { pagesOf } from './pages.ts';
import type { Service } from './service.ts';
import { openThingGroups } from './thing-groups.ts';

/** The most that one page of IoT Core's registry has. */
const pageSize = 250;

/** IoT Core's registry. */
export function openThings(iot: Service<IoT>): ThingService {
  return {
    ...openRoleAliases(iot),
    ...openCertificates(iot),
    thing: async (name) => iot.find('DescribeThing', `thing ${name}`, async (client) => describe(client, name)),
    createThing: async ({ name, attributes }) => iot.change('CreateThing', `thing ${name}`, async (client) => client.createThing({ thingName: name, attributePayload: { attributes: { ...attributes } } })),
    deleteThing: async (name) => iot.remove('DeleteThing', `thing ${name}`, async (client) => client.deleteThing({ thingName: name })),
    principalsOf: async (thing) => (await iot.find('ListThingPrincipals', `thing ${thing}`, async (client) => principalsOf(client, thing))) ?? [],
    thingsWith: ({ name, value }) =>
      pagesOf(async (nextToken) => {
        const page = await iot.ask('ListThings', `things with ${name}=${value}`, async (client) => client.listThings({ attributeName: name, attributeValue: value, maxResults: pageSize, nextToken }));
        return { items: (page.things ?? []).flatMap(({ thingName }) => thingName ?? []), nextToken: page.nextToken };
      }),
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
