import type { STS } from '@aws-sdk/client-sts';
import type { IdentityService } from '../cloud.ts';
import { present } from './present.ts';
import type { Service } from './service.ts';

/** Who the credentials belong to. */
export function openIdentity(sts: Service<STS>): IdentityService {
  return {
    caller: async () =>
      sts.ask('GetCallerIdentity', 'the AWS credentials', async (client) => {
        const { Account: account, Arn: arn } = await client.getCallerIdentity({});
        return { account: present(account), arn: present(arn) };
      }),
  };
}
