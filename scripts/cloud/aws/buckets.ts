import type { BucketLocationConstraint, S3 } from '@aws-sdk/client-s3';
import type { BucketService } from '../cloud.ts';
import { bucketFacts } from './bucket-facts.ts';
import type { Service } from './service.ts';
import { toTagList } from './tags.ts';

const ownKeys = { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }] };
const allBlocks = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };

/** Buckets in S3. @param region of those that are made */
export function openBuckets(s3: Service<S3>, region: string): BucketService {
  return {
    get: async (bucket) => bucketFacts(s3, bucket),
    create: async (bucket) => s3.change('CreateBucket', `bucket ${bucket}`, async (client) => client.createBucket({ Bucket: bucket, ...placedIn(region) })),
    setTags: async (bucket, tags) => s3.change('PutBucketTagging', `bucket ${bucket}`, async (client) => client.putBucketTagging({ Bucket: bucket, Tagging: { TagSet: toTagList(tags) } })),
    encrypt: async (bucket) => s3.change('PutEncryptionConfiguration', `bucket ${bucket}`, async (client) => client.putBucketEncryption({ Bucket: bucket, ServerSideEncryptionConfiguration: ownKeys })),
    blockPublicAccess: async (bucket) => s3.change('PutBucketPublicAccessBlock', `bucket ${bucket}`, async (client) => client.putPublicAccessBlock({ Bucket: bucket, PublicAccessBlockConfiguration: allBlocks })),
    setVersioning: async (bucket, state) => s3.change('PutBucketVersioning', `bucket ${bucket}`, async (client) => client.putBucketVersioning({ Bucket: bucket, VersioningConfiguration: { Status: state } })),
    isEmpty: async (bucket) => (await s3.find('ListBucketVersions', `bucket ${bucket}`, async (client) => isEmpty(client, bucket))) ?? true,
    delete: async (bucket) => s3.remove('DeleteBucket', `bucket ${bucket}`, async (client) => client.deleteBucket({ Bucket: bucket })),
  };
}

/** The first region has no name here. */
function placedIn(region: string): { CreateBucketConfiguration?: { LocationConstraint: BucketLocationConstraint } } {
  return region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } };
}

async function isEmpty(client: S3, bucket: string): Promise<boolean> {
  const { Versions = [], DeleteMarkers = [] } = await client.listObjectVersions({ Bucket: bucket, MaxKeys: 1 });
  return Versions.length + DeleteMarkers.length === 0;
}
