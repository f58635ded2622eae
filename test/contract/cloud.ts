import { describe, expect, test } from 'vitest';
import { describeBuckets } from './cloud-buckets.ts';
import { describeRoles } from './cloud-roles.ts';
import { describeShadows } from './cloud-shadows.ts';
import { describeThings } from './cloud-things.ts';
import type { CloudSuite } from './cloud-under-test.ts';

/** What every cloud has to do. Each case gets an account of its own. */
export function describeCloud(name: string, suite: CloudSuite): void {
  const { open } = suite;
  describe(`${name}: a cloud`, () => {
    test('tells whose credentials they are', async () => {
      const { cloud } = await open();
      expect(cloud.region).toBe('eu-west-1');
      expect(await cloud.identity.caller()).toEqual({ account: '123456789012', arn: expect.stringMatching(/^arn:aws:(?:iam|sts)::123456789012:/) as string });
    });

    describeRoles(suite);
    describeThings(suite);
    describeBuckets(suite);
    describeShadows(suite);

    test('knows core devices, and all that is installed on them', async () => {
      const { cloud: { cores }, world } = await open();
      expect(await cores.get('camera-1')).toBeUndefined();
      expect(await cores.installedComponents('camera-1')).toEqual([]);
      const core = { thing: 'camera-1', nucleusVersion: '2.15.0', status: 'HEALTHY', lastSeen: new Date('2026-01-02T03:04:05Z') } as const;
      const components = ['aws.greengrass.Nucleus', 'dev.fescue.EdgeAgent', 'dev.fescue.Inference', 'dev.fescue.Runtime', 'com.example.Own'].map((component, index) => ({ name: component, version: `1.0.${index}`, state: 'RUNNING', isRoot: index % 2 === 1 }));
      await world.addCore(core, components);
      expect(await cores.get('camera-1')).toEqual(core);
      expect(await cores.installedComponents('camera-1')).toEqual(components);
    });
  });
}
