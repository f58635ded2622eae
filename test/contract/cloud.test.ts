import { memoryCloud, newBucket } from '../helpers/memory-cloud.ts';
import { describeCloud } from './cloud.ts';
import type { CloudUnderTest } from './cloud-under-test.ts';

describeCloud('memory', { open: async () => Promise.resolve(inMemory()), lacks: new Set() });

function inMemory(): CloudUnderTest {
  const cloud = memoryCloud();
  const { account } = cloud;
  const bucketOf = (name: string) => account.buckets.get(name) ?? newBucket(account.region);
  return {
    cloud,
    world: {
      putObject: async (bucket, key) => Promise.resolve(void bucketOf(bucket).objects.add(key)),
      deleteObject: async (bucket, key) => {
        bucketOf(bucket).objects.delete(key);
        bucketOf(bucket).olderVersions.add(key);
        return Promise.resolve();
      },
      attachCertificate: async (thing) => {
        const arn = 'arn:aws:iot:eu-west-1:123456789012:cert/0123';
        account.things.get(thing)?.principals.add(arn);
        account.certificates.set(arn, 'ACTIVE');
        return Promise.resolve(arn);
      },
      setCertificate: async (arn, status) => Promise.resolve(void account.certificates.set(arn, status)),
      attachPolicy: async ({ name, document }, target) => Promise.resolve(void account.iotPolicies.set(name, { document, targets: new Set([target]) })),
      makeGroupBelow: async (parent, name) => Promise.resolve(void account.groups.set(name, { description: '', tags: {}, members: new Set(), parent })),
      index: async (namedShadows) => {
        account.indexing = { namedShadows, connectivity: true };
        return Promise.resolve();
      },
      addCore: async (core, components) => Promise.resolve(void account.cores.set(core.thing, { ...core, components })),
    },
  };
}
