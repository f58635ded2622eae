import type { Tags } from '../cloud.ts';

type Tag = { readonly Key?: string | undefined; readonly Value?: string | undefined };

/** Tags as the services list them. */
export function toTagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function fromTagList(tags: readonly Tag[] = []): Tags {
  return Object.fromEntries(tags.flatMap(({ Key, Value = '' }) => (Key === undefined ? [] : [[Key, Value] as const])));
}
