import { IoT } from '@aws-sdk/client-iot';
import { S3 } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { connectCloud } from '../../scripts/cloud/connect.ts';
import { describeCloud } from '../contract/cloud.ts';
import type { CloudUnderTest } from '../contract/cloud-under-test.ts';
import { useEnvironment } from '../helpers/use-environment.ts';
import { useMoto, type MotoAccount } from '../helpers/use-moto.ts';

describeCloud('moto', { open: openMoto, lacks: new Set(['document-limits', 'document-checks', 'thing-conflicts', 'group-pages', 'nested-groups', 'policies-of-parents', 'shadow-limits', 'shadows-of-strangers', 'encrypted-from-the-start']) });

async function openMoto(): Promise<CloudUnderTest> {
  const moto = await useMoto();
  useEnvironment(moto.environment);
  const cloud = await connectCloud();
  onTestFinished(() => cloud.close());
  return { cloud, world: worldOf(moto) };
}

/** Does what others do with clients of its own. */
function worldOf({ cores }: MotoAccount): CloudUnderTest['world'] {
  const s3 = new S3({ forcePathStyle: true });
  const iot = new IoT();
  onTestFinished(() => {
    s3.destroy();
    iot.destroy();
  });
  return {
    putObject: async (Bucket, Key) => void (await s3.putObject({ Bucket, Key, Body: 'content' })),
    deleteObject: async (Bucket, Key) => void (await s3.deleteObject({ Bucket, Key })),
    attachCertificate: async (thingName) => {
      const { certificateArn = '' } = await iot.createKeysAndCertificate({ setAsActive: true });
      await iot.attachThingPrincipal({ thingName, principal: certificateArn });
      return certificateArn;
    },
    setCertificate: async (arn, newStatus) => void (await iot.updateCertificate({ certificateId: arn.slice(arn.lastIndexOf('/') + 1), newStatus })),
    attachPolicy: async ({ name: policyName, document: policyDocument }, target) => {
      const { policies = [] } = await iot.listPolicies({});
      if (policies.some((policy) => policy.policyName === policyName)) await iot.createPolicyVersion({ policyName, policyDocument, setAsDefault: true });
      else await iot.createPolicy({ policyName, policyDocument });
      await iot.attachPolicy({ policyName, target });
    },
    makeGroupBelow: async (parentGroupName, thingGroupName) => void (await iot.createThingGroup({ thingGroupName, parentGroupName })),
    index: async (namedShadowNames) => void (await iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS', namedShadowIndexingMode: 'ON', filter: { namedShadowNames: [...namedShadowNames] } } })),
    addCore: async ({ thing, nucleusVersion, status, lastSeen }, components) => {
      const installed = components.map(({ name, version, state, isRoot }) => ({ componentName: name, componentVersion: version, lifecycleState: state, isRoot }));
      return Promise.resolve(void cores.set(thing, { coreVersion: nucleusVersion, status, lastStatusUpdateTimestamp: (lastSeen?.getTime() ?? 0) / 1000, installed }));
    },
  };
}
