import { reportShadow } from '../../components/common/device-report.ts';
import type { ThingService } from '../cloud/cloud.ts';
import type { FleetDevice, FleetSource } from './device.ts';
import { readIndexedShadows } from './read-report.ts';

export type IndexSourceOptions = { readonly region: string; readonly things: Pick<ThingService, 'search'>; readonly fleet: string };

/** Things and their shadows from the index of fleet indexing, a page at a time. */
export function indexSource({ region, things, fleet }: IndexSourceOptions): FleetSource {
  return { kind: 'index', name: `${region}, by fleet indexing`, devices: () => indexedDevices(things, fleet) };
}

async function* indexedDevices(things: Pick<ThingService, 'search'>, fleet: string): AsyncGenerator<FleetDevice> {
  for await (const page of things.search(fleetQuery(fleet))) {
    for (const { name, groups, shadow, isConnected } of page) {
      // To the index, capital and small letters are the same.
      if (!groups.includes(fleet)) continue;
      yield { name, ...(shadow === undefined ? { report: undefined } : readIndexedShadows(shadow, reportShadow)), isConnected };
    }
  }
}

/** @param fleet letters, digits, and : _ -, of which the query language knows the colon, and the dash where a term begins */
export function fleetQuery(fleet: string): string {
  return `thingGroupNames:${fleet.replaceAll(':', '\\:').replace(/^-/, '\\-')}`;
}
