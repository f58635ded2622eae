import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { openS3Destination, type S3Options } from '../../components/agent/capture/s3-destination.ts';
import type { DestinationUnderTest } from './destination.ts';

export type BucketUnderTest = { readonly endpoint: string; readonly bucket: string };

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'a-secret-that-nobody-may-see', sessionToken: 'a-token' };
const region = 'us-east-1';

/** Our destination in a bucket, which is read by a client of its own. */
export function s3DestinationIn({ endpoint, bucket }: BucketUnderTest, options: Partial<S3Options> = {}): DestinationUnderTest {
  const destination = openS3Destination({ bucket, region, endpoint, credentials: () => credentials, idleTimeoutMs: 10_000, bytesPerSecond: Infinity, ...options });
  const reader = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  onTestFinished(() => {
    destination.close();
    reader.destroy();
  });
  return { destination, readUrl: async (url) => readObject(reader, url), keys: async () => keysIn(reader, bucket) };
}

async function readObject(reader: S3Client, url: string): Promise<Buffer | undefined> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  try {
    const { Body: body } = await reader.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from((await body?.transformToByteArray()) ?? []);
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

async function keysIn(reader: S3Client, bucket: string): Promise<string[]> {
  const { Contents: found = [] } = await reader.send(new ListObjectsV2Command({ Bucket: bucket }));
  return found.map(({ Key: key = '' }) => key).toSorted();
}
