import { memoryCloud, type MemoryCloud } from './memory-cloud.ts';
import type { StoredShadow } from './memory-cloud/account.ts';

/** @property reported of its shadow; undefined for a thing without one */
export type FleetMember = { readonly name: string; readonly reported: unknown; readonly isConnected?: boolean };

/** An account with one thing group, and the shadows its things have. Indexing is on when `indexed` says so. */
export function fleetCloud({ fleet = 'lobby', members, indexed = false, pageSize = 100 }: { fleet?: string; members: readonly FleetMember[]; indexed?: boolean; pageSize?: number }): MemoryCloud {
  const cloud = memoryCloud({ pageSize });
  const { account } = cloud;
  account.groups.set(fleet, { description: '', tags: {}, members: new Set(members.map(({ name }) => name)) });
  if (indexed) account.indexing = { namedShadows: ['fescue'], connectivity: true };
  for (const { name, reported, isConnected } of members) {
    account.things.set(name, { attributes: {}, principals: new Set(), ...(isConnected === undefined ? {} : { isConnected }) });
    if (reported !== undefined) account.shadows.set(name, new Map([['fescue', storedShadow(reported)]]));
  }
  return cloud;
}

/** As it is stored, whatever a device wrote. */
export function storedShadow(reported: unknown): StoredShadow {
  return { document: { state: { reported }, metadata: {} } as StoredShadow['document'], version: 1 };
}
