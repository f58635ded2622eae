import type { IoT } from '@aws-sdk/client-iot';
import type { ThingService } from '../cloud.ts';
import { iotTags } from './iot-tags.ts';
import { pagesOf } from './pages.ts';
import { present } from './present.ts';
import type { Service } from './service.ts';
import { toTagList } from './tags.ts';

type ThingGroups = Pick<ThingService, 'group' | 'createGroup' | 'deleteGroup' | 'groupsOf' | 'addToGroup' | 'removeFromGroup' | 'subgroups' | 'members'>;

/** The most that one page of IoT Core's registry has. */
const pageSize = 250;

/** Static thing groups in IoT Core. */
export function openThingGroups(iot: Service<IoT>): ThingGroups {
  return {
    group: async (name) => {
      const arn = await iot.find('DescribeThingGroup', `thing group ${name}`, async (client) => present((await client.describeThingGroup({ thingGroupName: name })).thingGroupArn));
      if (arn === undefined) return undefined;
      return { name, arn, tags: await iotTags(iot, { subject: `thing group ${name}`, arn }) };
    },
    createGroup: async ({ name, description, tags }) => iot.change('CreateThingGroup', `thing group ${name}`, async (client) => client.createThingGroup({ thingGroupName: name, thingGroupProperties: { thingGroupDescription: description }, tags: toTagList(tags) })),
    deleteGroup: async (name) => iot.remove('DeleteThingGroup', `thing group ${name}`, async (client) => client.deleteThingGroup({ thingGroupName: name })),
    groupsOf: async (thing) => (await iot.find('ListThingGroupsForThing', `thing ${thing}`, async (client) => groupsOf(client, thing))) ?? [],
    addToGroup: async (thing, group) => iot.change('AddThingToThingGroup', `thing ${thing} and thing group ${group}`, async (client) => client.addThingToThingGroup({ thingName: thing, thingGroupName: group })),
    removeFromGroup: async (thing, group) => iot.remove('RemoveThingFromThingGroup', `thing ${thing} and thing group ${group}`, async (client) => client.removeThingFromThingGroup({ thingName: thing, thingGroupName: group })),
    subgroups: async (group) => (await iot.find('ListThingGroups', `thing groups below ${group}`, async (client) => subgroups(client, group))) ?? [],
    members: (group) =>
      pagesOf(async (nextToken) => {
        const page = await iot.find('ListThingsInThingGroup', `thing group ${group}`, async (client) => client.listThingsInThingGroup({ thingGroupName: group, recursive: true, maxResults: pageSize, nextToken }));
        return { items: page?.things ?? [], nextToken: page?.nextToken };
      }),
  };
}

async function groupsOf(client: IoT, thing: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { thingGroups = [] } of client.paginateListThingGroupsForThing({ thingName: thing })) names.push(...thingGroups.flatMap(({ groupName }) => groupName ?? []));
  return names;
}

async function subgroups(client: IoT, parent: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { thingGroups = [] } of client.paginateListThingGroups({ parentGroup: parent, recursive: true })) names.push(...thingGroups.flatMap(({ groupName }) => groupName ?? []));
  return names;
}
