import type { IoT } from '@aws-sdk/client-iot';
import type { PolicyText, ThingService } from '../cloud.ts';
import { present } from './present.ts';
import type { Service } from './service.ts';

type Certificates = Pick<ThingService, 'certificate' | 'policiesOf'>;

/** Certificates and IoT policies in IoT Core. */
export function openCertificates(iot: Service<IoT>): Certificates {
  return {
    certificate: async (principalArn) => {
      const [, id] = /:cert\/([0-9a-f]+)$/.exec(principalArn) ?? [];
      if (id === undefined) return undefined;
      const status = await iot.find('DescribeCertificate', `certificate ${id}`, async (client) => present((await client.describeCertificate({ certificateId: id })).certificateDescription?.status));
      return status && { id, status, isActive: status === 'ACTIVE' };
    },
    policiesOf: async (targetArn) => {
      const names = (await iot.find('ListAttachedPolicies', `IoT policies of ${targetArn}`, async (client) => namesOf(client, targetArn))) ?? [];
      const policies = await Promise.all(names.map(async (name) => iot.find('GetPolicy', `IoT policy ${name}`, async (client) => policyOf(client, name))));
      // One may have been deleted meanwhile.
      return policies.filter((policy) => policy !== undefined);
    },
  };
}

async function namesOf(client: IoT, target: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { policies = [] } of client.paginateListAttachedPolicies({ target, recursive: true })) names.push(...policies.map(({ policyName }) => present(policyName)));
  return names;
}

/** Its default version, which is the one that counts. */
async function policyOf(client: IoT, name: string): Promise<PolicyText> {
  return { name, document: present((await client.getPolicy({ policyName: name })).policyDocument) };
}
