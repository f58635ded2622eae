import type { S3Request } from './s3-server.ts';

type Entry = { key: string; object: Buffer } | { prefix: string };

/** The answer to ListObjectsV2: keys in the order of their bytes, what follows `delimiter` rolled up, in pages. */
export function listObjects({ bucket, query }: S3Request, { objects, pageSize }: { objects: ReadonlyMap<string, Buffer>; pageSize: number }): string {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const size = Math.min(pageSize, Number(query.get('max-keys') ?? 1_000));
  const entries = entriesOf(objects, { prefix, delimiter: query.get('delimiter') ?? '' }).filter((entry) => compare(nameOf(entry), after) > 0);
  const page = entries.slice(0, size);
  const last = page.at(-1);
  const next = last === undefined || entries.length <= size ? '' : `<NextContinuationToken>${escape(nameOf(last))}</NextContinuationToken>`;
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : escape;
  const contents = page.map((entry) => ('prefix' in entry ? `<CommonPrefixes><Prefix>${encode(entry.prefix)}</Prefix></CommonPrefixes>` : `<Contents><Key>${encode(entry.key)}</Key><LastModified>2023-03-14T16:11:30.000Z</LastModified><Size>${entry.object.length}</Size></Contents>`));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><Prefix>${encode(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${size}</MaxKeys><IsTruncated>${next !== ''}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
}

function entriesOf(objects: ReadonlyMap<string, Buffer>, { prefix, delimiter }: { prefix: string; delimiter: string }): Entry[] {
  const entries = new Map<string, Entry>();
  for (const [key, object] of objects) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const entry = end === -1 ? { key, object } : { prefix: key.slice(0, end + delimiter.length) };
    entries.set(nameOf(entry), entry);
  }
  return [...entries.values()].toSorted((a, b) => compare(nameOf(a), nameOf(b)));
}

function nameOf(entry: Entry): string {
  return 'prefix' in entry ? entry.prefix : entry.key;
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
