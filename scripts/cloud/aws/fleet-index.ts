import type { GetIndexingConfigurationResponse, IoT, ThingDocument } from '@aws-sdk/client-iot';
import type { IndexedThing, Indexing, ThingService } from '../cloud.ts';
import { pagesOf } from './pages.ts';
import { present } from './present.ts';
import type { Service } from './service.ts';

type FleetIndex = Pick<ThingService, 'indexing' | 'search'>;

/** The most that one page of an index query has. */
const pageSize = 100;

/** Fleet indexing of IoT Core. */
export function openFleetIndex(iot: Service<IoT>): FleetIndex {
  return {
    indexing: async () => indexingOf(await iot.ask('GetIndexingConfiguration', 'fleet indexing', async (client) => client.getIndexingConfiguration({}))),
    search: (query) =>
      pagesOf(async (token) =>
        iot.ask('SearchIndex', `the index query ${query}`, async (client) => {
          const { things = [], nextToken } = await client.searchIndex({ queryString: query, maxResults: pageSize, nextToken: token });
          return { items: things.map(indexedThing), nextToken };
        }),
      ),
  };
}

function indexingOf({ thingIndexingConfiguration: things }: GetIndexingConfigurationResponse): Indexing | undefined {
  if (things === undefined || things.thingIndexingMode === 'OFF') return undefined;
  return { namedShadows: things.namedShadowIndexingMode === 'ON' ? (things.filter?.namedShadowNames ?? []) : [], connectivity: things.thingConnectivityIndexingMode === 'STATUS' };
}

function indexedThing({ thingName: name, thingGroupNames: groups = [], shadow, connectivity }: ThingDocument): IndexedThing {
  return { name: present(name), groups, shadow, isConnected: connectivity?.connected };
}
