import type { BucketService } from '../../../scripts/cloud/cloud.ts';
import { cloudError, type CloudCall } from '../../../scripts/cloud/explain.ts';
import { newBucket, type Account, type StoredBucket } from './account.ts';
import type { CallGate } from './call-gate.ts';

const readActions = ['GetBucketLocation', 'GetBucketTagging', 'GetEncryptionConfiguration', 'GetBucketVersioning', 'GetBucketPublicAccessBlock', 'GetBucketPolicy'].map((action) => `s3:${action}`);

/** S3's buckets, whose names are those of everybody. */
export function memoryBuckets(account: Account, gate: CallGate): BucketService {
  const { buckets, region, id } = account;
  const own = (call: CloudCall, bucket: string): StoredBucket | undefined => {
    const found = buckets.get(bucket);
    if (found?.owner !== undefined && found.owner !== id) throw cloudError('access-denied', call, { problem: 'access is denied, as to buckets of other accounts' });
    return found;
  };
  const change = async (action: string, bucket: string, act: (found: StoredBucket) => void): Promise<void> => {
    const call = { action, subject: `bucket ${bucket}` };
    return gate.change(action, call.subject, () => {
      const found = own(call, bucket);
      if (found === undefined) throw cloudError('not-found', call);
      act(found);
    });
  };
  return {
    get: async (name) =>
      gate.read(readActions, `bucket ${name}`, () => {
        const found = own({ action: 's3:GetBucketLocation', subject: `bucket ${name}` }, name);
        if (found === undefined) return undefined;
        const { tags, encryption, versioning, isPrivate, policy } = found;
        return { name, region: found.region, tags: { ...tags }, encryption, versioning, isPrivate, policy };
      }),
    create: async (name) =>
      gate.change('s3:CreateBucket', `bucket ${name}`, () => {
        const found = buckets.get(name);
        if (found !== undefined && !(region === 'us-east-1' && found.owner === undefined && found.region === region)) throw cloudError('already-exists', { action: 's3:CreateBucket', subject: `bucket ${name}` });
        if (found === undefined) buckets.set(name, newBucket(region));
      }),
    setTags: async (name, tags) => change('s3:PutBucketTagging', name, (bucket) => (bucket.tags = { ...tags })),
    encrypt: async (name) => change('s3:PutEncryptionConfiguration', name, (bucket) => (bucket.encryption = 'AES256')),
    blockPublicAccess: async (name) => change('s3:PutBucketPublicAccessBlock', name, (bucket) => (bucket.isPrivate = true)),
    setVersioning: async (name, state) => change('s3:PutBucketVersioning', name, (bucket) => (bucket.versioning = state)),
    isEmpty: async (name) =>
      gate.read('s3:ListBucketVersions', `bucket ${name}`, () => {
        const { objects, olderVersions } = own({ action: 's3:ListBucketVersions', subject: `bucket ${name}` }, name) ?? newBucket(region);
        return objects.size + olderVersions.size === 0;
      }),
    delete: async (name) =>
      gate.change('s3:DeleteBucket', `bucket ${name}`, () => {
        const call = { action: 's3:DeleteBucket', subject: `bucket ${name}` };
        const { objects, olderVersions } = own(call, name) ?? newBucket(region);
        if (objects.size + olderVersions.size > 0) throw cloudError('conflict', call, { problem: 'it is not empty' });
        buckets.delete(name);
      }),
  };
}
