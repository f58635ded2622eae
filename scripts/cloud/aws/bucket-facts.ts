import type { PublicAccessBlockConfiguration, S3 } from '@aws-sdk/client-s3';
import type { Bucket } from '../cloud.ts';
import type { Service } from './service.ts';
import { fromTagList } from './tags.ts';

/** What there is to know of a bucket; undefined when there is none. */
export async function bucketFacts(s3: Service<S3>, bucket: string): Promise<Bucket | undefined> {
  const request = { Bucket: bucket };
  const find = async <Answer>(action: string, send: (client: S3) => Promise<Answer>): Promise<Answer | undefined> => s3.find(action, `bucket ${bucket}`, send);
  // First, and alone: the others answer alike whether there is no bucket, or a bucket without such a thing.
  const located = await find('GetBucketLocation', async (client) => client.getBucketLocation(request));
  if (located === undefined) return undefined;
  const [tagging, encryption, versioning, block, policy] = await Promise.all([
    find('GetBucketTagging', async (client) => client.getBucketTagging(request)),
    find('GetEncryptionConfiguration', async (client) => client.getBucketEncryption(request)),
    find('GetBucketVersioning', async (client) => client.getBucketVersioning(request)),
    find('GetBucketPublicAccessBlock', async (client) => client.getPublicAccessBlock(request)),
    find('GetBucketPolicy', async (client) => client.getBucketPolicy(request)),
  ]);
  return {
    name: bucket,
    region: regionOf(located.LocationConstraint),
    tags: fromTagList(tagging?.TagSet),
    encryption: algorithmOf(encryption?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm),
    versioning: versioning?.Status,
    isPrivate: isPrivate(block?.PublicAccessBlockConfiguration),
    policy: policy?.Policy,
  };
}

/** S3 has no name for its first region, and two for the second. */
function regionOf(location: string | undefined): string {
  if (location === undefined || location === '') return 'us-east-1';
  return location === 'EU' ? 'eu-west-1' : location;
}

function algorithmOf(name: string | undefined): Bucket['encryption'] {
  return name === 'AES256' || name === 'aws:kms' || name === 'aws:kms:dsse' ? name : undefined;
}

function isPrivate({ BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets }: PublicAccessBlockConfiguration = {}): boolean {
  return [BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets].every((blocks) => blocks === true);
}
