import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { useS3, type S3Server } from '../../helpers/s3-server.ts';

const Bucket = 'sagemaker-captures';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function clientOf(s3: S3Server, accessKeyId = 'AKIAONE'): S3Client {
  const client = new S3Client({ endpoint: s3.endpoint, region: 'eu-west-1', forcePathStyle: true, maxAttempts: 1, logger: silent, credentials: { accessKeyId, secretAccessKey: 'x' }, requestHandler: { requestTimeout: 500, throwOnRequestTimeout: true } });
  onTestFinished(() => client.destroy());
  return client;
}

test('objects go in and come out', async () => {
  const s3 = await useS3();
  const client = clientOf(s3);
  const Body = Buffer.alloc(100_000, 'xyz');
  const key = 'a folder/ü+%&<x>.jsonl';
  await client.send(new PutObjectCommand({ Bucket, Key: key, Body }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from([Body.subarray(0, 10_000), Body.subarray(10_000)]), ContentLength: Body.length }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }));
  expect([...s3.objects].map(([name, { length }]) => [name, length])).toEqual([[key, 100_000], ['stream', 100_000], ['empty', 0]]);
  expect(s3.objects.get('stream')?.equals(Body)).toBe(true);
  expect(await client.send(new HeadObjectCommand({ Bucket, Key: key }))).toMatchObject({ ContentLength: 100_000 });
  expect(Buffer.from((await (await client.send(new GetObjectCommand({ Bucket, Key: key }))).Body?.transformToByteArray()) ?? []).equals(Body)).toBe(true);
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({ name: 'NotFound' });
  await expect(client.send(new PutObjectCommand({ Bucket, Key: key, Body, IfNoneMatch: '*' }))).rejects.toMatchObject({ name: 'PreconditionFailed' });
  await expect(client.send(new PutObjectCommand({ Bucket: 'other', Key: key, Body }))).rejects.toMatchObject({ name: 'NoSuchBucket' });
  await clientOf(s3, 'AKIATWO').send(new HeadObjectCommand({ Bucket, Key: key }));
  expect([...s3.accessKeyIds]).toEqual(['AKIAONE', 'AKIATWO']);
});

test('a listing comes in pages', async () => {
  const s3 = await useS3({ pageSize: 2 });
  const client = clientOf(s3);
  for (const key of ['p/z', 'p/b/1', 'p/b/2', 'p/a', 'p/&', 'q', 'p/\u{1f600}', 'p/\uffee']) s3.objects.set(key, Buffer.from(key));
  const names: (string | undefined)[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'p/', Delimiter: '/', ContinuationToken }));
    names.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix), ...(page.Contents ?? []).map(({ Key }) => Key));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  expect(names).toEqual(['p/&', 'p/a', 'p/b/', 'p/z', 'p/\uffee', 'p/\u{1f600}']);
});

test('faults come as ordered', async () => {
  const s3 = await useS3();
  const client = clientOf(s3);
  const upload = async (Key: string): Promise<unknown> => client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(1_000_000) }));
  s3.fault = ({ key }) => ({ slow: { status: 503, code: 'SlowDown' }, hang: 'hang' as const, late: { delayMs: 10 }, cut: { cutAfterBytes: 100_000 } })[key];
  await expect(upload('slow')).rejects.toMatchObject({ name: 'SlowDown', $metadata: { httpStatusCode: 503 } });
  await expect(upload('hang')).rejects.toMatchObject({ name: 'TimeoutError' });
  await expect(upload('cut')).rejects.toMatchObject({ message: expect.stringMatching(/ECONNRESET|EPIPE|hang up/) as string });
  await upload('late');
  expect([...s3.objects.keys()]).toEqual(['late']);
  s3.objects.set('cut', Buffer.alloc(1_000_000));
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'cut' })).then(({ Body }) => Body?.transformToByteArray())).rejects.toThrow(/abort|ECONNRESET/);
  await s3.stop();
  await expect(upload('late')).rejects.toMatchObject({ message: expect.stringContaining('ECONNREFUSED') as string });
  await s3.start();
  await upload('late');
});

test('requests have to be signed', async () => {
  const s3 = await useS3();
  const answer = await fetch(`${s3.endpoint}/${Bucket}/key`, { method: 'PUT', body: 'x' });
  expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')]);
  expect(s3.objects.size).toBe(0);
});
