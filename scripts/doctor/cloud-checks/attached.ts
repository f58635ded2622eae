import type { Check, CloudContext } from '../check.ts';
import { fail, notApplicable, ok, warning } from '../verdict.ts';
import { command } from './remedies.ts';
import { ofRole } from './role.ts';
import { placeOf, variantFor } from './subject.ts';

const fleetPolicy = 'service-role/AmazonSageMakerEdgeDeviceFleetPolicy';
const fullAccess = 'AmazonSageMakerFullAccess';

export const attachedChecks: readonly Check<CloudContext>[] = [
  {
    name: 'managed-policy',
    title: 'AmazonSageMakerEdgeDeviceFleetPolicy is attached to the role',
    prerequisite: { step: '3', line: 19, says: 'Attach AmazonSageMakerEdgeDeviceFleetPolicy.' },
    meaning: 'Devices may not write to a bucket with sagemaker in its name, unless another policy allows it.',
    after: ['aws-credentials', 'role'],
    run: ofRole(async (found, context) => {
      const attached = await context.cloud.roles.attachedPolicies(found.name);
      if (attached.some(({ arn }) => isPolicyOfAws(arn, fleetPolicy))) return ok('attached');
      if (variantFor(found, context) === 'least-privilege') return notApplicable('a role of least privilege: its own policies take the place of this one, and bucket-write checks them');
      const { partition } = await placeOf(context);
      return fail(`not attached to ${found.name}`, command('aws', 'iam', 'attach-role-policy', '--role-name', found.name, '--policy-arn', `arn:${partition}:iam::aws:policy/${fleetPolicy}`));
    }),
  },
  {
    name: 'full-access',
    title: 'AmazonSageMakerFullAccess, which is optional',
    prerequisite: { step: '3', line: 20, says: 'AmazonSageMakerFullAccess may be attached, to use the role for compiling and packaging, too.' },
    meaning: 'Every device may do nearly everything in SageMaker, while what it was good for has ended.',
    after: ['aws-credentials', 'role'],
    run: ofRole(async ({ name }, { cloud }) => {
      const attached = (await cloud.roles.attachedPolicies(name)).find(({ arn }) => isPolicyOfAws(arn, fullAccess));
      if (attached === undefined) return ok('not attached; it is optional');
      return warning('attached: whoever holds credentials of a device may change nearly all of SageMaker in this account, and all buckets with sagemaker in their name', `Unless something else needs it: ${command('aws', 'iam', 'detach-role-policy', '--role-name', name, '--policy-arn', attached.arn)}`);
    }),
  },
];

/** In whatever partition. */
function isPolicyOfAws(arn: string, path: string): boolean {
  return /^arn:aws[a-z-]*:iam::aws:policy\//.test(arn) && arn.endsWith(`:policy/${path}`);
}
