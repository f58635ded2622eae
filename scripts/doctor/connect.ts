import { CloudError } from '../cloud/cloud-error.ts';
import type { Connect } from './cloud-access.ts';

export const connect: Connect = async () => {
  throw new CloudError('no-credentials', 'sts:GetCallerIdentity', 'There are no AWS credentials.');
};
