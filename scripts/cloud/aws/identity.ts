import type { STS } from '@aws-sdk/client-sts';
import type { IdentityService } from '../cloud.ts';
import type { Service } from './service.ts';

/** Who the credentials belong to. */
export function openIdentity(sts: Service<STS>): IdentityService {
  return {
    caller: async () => {
      const { Account: account = '', Arn: arn = '' } = await sts.ask('GetCallerIdentity', 'the AWS credentials', async (client) => client.getCallerIdentity({}));
      return { account, arn };
    },
  };
}
