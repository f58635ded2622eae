import { describe, expect, test } from 'vitest';
import { capable, expectFault, type CloudSuite } from './cloud-under-test.ts';

const bucket = 'sagemaker-lobby-123456789012-eu-west-1';

export function describeBuckets(suite: CloudSuite): void {
  const { open } = suite;
  describe('buckets', () => {
    test('one that is not there', async () => {
      const { cloud: { buckets } } = await open();
      expect(await buckets.get(bucket)).toBeUndefined();
      expect(await buckets.isEmpty(bucket)).toBe(true);
      await buckets.delete(bucket);
      await expectFault(buckets.setTags(bucket, { a: 'b' }), 'not-found', 's3:PutBucketTagging');
      await expectFault(buckets.encrypt(bucket), 'not-found', 's3:PutEncryptionConfiguration');
      await expectFault(buckets.blockPublicAccess(bucket), 'not-found', 's3:PutBucketPublicAccessBlock');
      await expectFault(buckets.setVersioning(bucket, 'Enabled'), 'not-found', 's3:PutBucketVersioning');
    });

    test('is created once, and becomes encrypted, private and versioned', async () => {
      const { cloud: { buckets } } = await open();
      await buckets.create(bucket);
      expect(await buckets.get(bucket)).toMatchObject({ name: bucket, region: 'eu-west-1', tags: {}, versioning: undefined, policy: undefined });
      await expectFault(buckets.create(bucket), 'already-exists', 's3:CreateBucket');
      await buckets.setTags(bucket, { old: 'o' });
      await buckets.setTags(bucket, { 'fescue:fleet': 'lobby', other: 'a b+c' });
      await buckets.encrypt(bucket);
      await buckets.blockPublicAccess(bucket);
      await buckets.setVersioning(bucket, 'Enabled');
      expect(await buckets.get(bucket)).toEqual({ name: bucket, region: 'eu-west-1', tags: { 'fescue:fleet': 'lobby', other: 'a b+c' }, encryption: 'AES256', versioning: 'Enabled', isPrivate: true, policy: undefined });
      await buckets.setVersioning(bucket, 'Suspended');
      expect(await buckets.get(bucket)).toMatchObject({ versioning: 'Suspended' });
    });

    capable(suite, 'encrypted-from-the-start')('is encrypted and private from the start', async ({ cloud: { buckets } }) => {
      await buckets.create(bucket);
      expect(await buckets.get(bucket)).toMatchObject({ encryption: 'AES256', isPrivate: true });
    });

    test('is not deleted while it holds something, be it only older versions', async () => {
      const { cloud: { buckets }, world } = await open();
      await buckets.create(bucket);
      await buckets.setVersioning(bucket, 'Enabled');
      expect(await buckets.isEmpty(bucket)).toBe(true);
      await world.putObject(bucket, 'a/b');
      expect(await buckets.isEmpty(bucket)).toBe(false);
      await expectFault(buckets.delete(bucket), 'conflict', 's3:DeleteBucket');
      await world.deleteObject(bucket, 'a/b');
      expect(await buckets.isEmpty(bucket)).toBe(false);
      await expectFault(buckets.delete(bucket), 'conflict', 's3:DeleteBucket');
    });

    test('is deleted when it is empty', async () => {
      const { cloud: { buckets } } = await open();
      await buckets.create(bucket);
      for (let time = 0; time < 2; time += 1) await buckets.delete(bucket);
      expect(await buckets.get(bucket)).toBeUndefined();
    });
  });
}
