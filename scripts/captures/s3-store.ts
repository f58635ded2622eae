import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { FescueError } from '../../components/common/errors.ts';
import { mostObjectBytes, type CaptureStore, type DataReference, type StoreOptions } from './capture-store.ts';
import { keyBeside, leadsOutside, parseReference } from './reference.ts';
import { s3Error, type S3Subject } from './s3-error.ts';
import { walk, type Listing } from './walk.ts';

type Bucket = { readonly client: S3Client; readonly bucket: string; readonly prefix: string; readonly subject: S3Subject; readonly request: { readonly abortSignal?: AbortSignal } };

const bodyAttempts = 3;

/**
 * Captured data in a bucket, at or below a prefix. Keys are those of the bucket. Credentials and region come from where
 * the AWS command line has them.
 *
 * @throws FescueError `invalid-argument` when the location is not `s3://bucket` or `s3://bucket/prefix`
 */
export async function openS3Store(location: string, options: StoreOptions = {}): Promise<CaptureStore> {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(location) ?? [];
  if (bucket === undefined) throw new FescueError('invalid-argument', `${location} names no bucket: expected s3://bucket or s3://bucket/prefix, with the name of a bucket in small letters, digits, dots and dashes.`);
  if (options.endpoint !== undefined && !/^https?:\/\/[^/]/.test(options.endpoint)) throw new FescueError('invalid-argument', `${options.endpoint} is no endpoint: expected a URL such as https://minio.example:9000.`);
  const prefix = path.replace(/\/*$/, '/').replace(/^\/$/, '');
  const name = `s3://${bucket}/${prefix}`.replace(/\/$/, '');
  const store: Bucket = { client: makeClient(options), bucket, prefix, subject: { name, endpoint: options.endpoint }, request: options.signal === undefined ? {} : { abortSignal: options.signal } };
  return {
    name,
    objects: (skips = () => false) => walk(prefix, { list: async (folder) => listFolder(store, folder), skips }),
    read: async (key) => readObject(store, key),
    readReference: async (reference) => readReference(store, reference),
  };
}

function makeClient({ endpoint, region, idleTimeoutMs = 30_000 }: StoreOptions): S3Client {
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    // Servers that speak as S3 rarely have a host name for each bucket.
    ...(endpoint === undefined ? { followRegionRedirects: true } : { endpoint, forcePathStyle: true }),
    requestHandler: { connectionTimeout: 10_000, requestTimeout: idleTimeoutMs, socketTimeout: idleTimeoutMs, throwOnRequestTimeout: true },
  });
}

/** Folder by folder, so that neither raw data nor skipped hours are listed. */
async function listFolder({ client, bucket, subject, request }: Bucket, folder: string): Promise<Listing> {
  const listing = { folders: [] as string[], objects: [] as { key: string; bytes: number }[] };
  try {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: folder, Delimiter: '/' }, request)) {
      for (const { Prefix } of page.CommonPrefixes ?? []) if (Prefix !== undefined) listing.folders.push(Prefix);
      for (const { Key, Size = 0 } of page.Contents ?? []) if (Key !== undefined) listing.objects.push({ key: Key, bytes: Size });
    }
  } catch (error) {
    throw s3Error(error, subject);
  }
  return listing;
}

async function readReference(store: Bucket, reference: DataReference): Promise<Buffer> {
  const parsed = parseReference(reference.reference);
  if (parsed.kind === 's3' && parsed.bucket === store.bucket && parsed.key.startsWith(store.prefix)) return readObject(store, parsed.key);
  const key = keyBeside(parsed, reference.from);
  if (key === undefined) throw leadsOutside(reference, store.subject.name);
  return readObject(store, key).catch((error: unknown) => {
    throw error instanceof FescueError && error.kind === 'not-found' ? leadsOutside(reference, store.subject.name) : error;
  });
}

/** Tries again when a connection ends amid an object, which the SDK leaves to its callers. */
async function readObject({ client, bucket, subject, request }: Bucket, key: string): Promise<Buffer> {
  const object = { name: `s3://${bucket}/${key}`, endpoint: subject.endpoint };
  for (let attempt = 1; ; attempt += 1) {
    const { Body, ContentLength = 0 } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), request).catch((error: unknown) => {
      throw s3Error(error, object);
    });
    if (ContentLength > mostObjectBytes) {
      await Body?.transformToWebStream().cancel();
      throw tooLarge(object.name, ContentLength);
    }
    try {
      return await collect((Body ?? []) as AsyncIterable<Uint8Array>, object.name);
    } catch (error) {
      if (error instanceof FescueError || attempt === bodyAttempts) throw s3Error(error, object);
    }
  }
}

async function collect(body: AsyncIterable<Uint8Array>, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > mostObjectBytes) throw tooLarge(name, bytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function tooLarge(name: string, bytes: number): FescueError {
  return new FescueError('failed-precondition', `${name} has ${bytes} bytes or more; expected at most ${mostObjectBytes}.`);
}
