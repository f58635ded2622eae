import type { CloudError } from '../../cloud/cloud-error.ts';
import type { Bucket } from '../../cloud/cloud.ts';
import { decide, describeDecision, type Policy } from '../../policy/decide.ts';
import type { Check, CloudContext, Verdict } from '../check.ts';
import { fail, notApplicable, warning } from '../verdict.ts';
import { noBucket } from './bucket.ts';
import { type Decided, freeName, parsedOrNot, type Permissions, permissionsOf } from './permissions.ts';
import { bucketConsole, command, roleConsole } from './remedies.ts';
import { capturesArn, contextOf } from './requests.ts';
import { rightsVerdict } from './rights.ts';
import { ofRole } from './role.ts';
import { attempt, namesOf, type Place, placeOf, type RoleInQuestion } from './subject.ts';

const bucketPolicyName = 'bucket policy';

export const bucketWriteCheck: Check<CloudContext> = {
  name: 'bucket-write',
  title: 'The role may write captures to the bucket',
  prerequisite: { step: '3', line: 19, says: 'AmazonSageMakerEdgeDeviceFleetPolicy lets devices write to buckets with sagemaker in their name.' },
  meaning: 'Captures wait on the devices; those in excess of their spool are given up.',
  after: ['aws-credentials', 'role', 'managed-policy', 'bucket'],
  run: ofRole(async (found, context) => {
    const { bucket } = await namesOf(context);
    return bucket === undefined ? noBucket : writeVerdict(bucket, found, context);
  }),
};

async function writeVerdict(name: string, found: RoleInQuestion, context: CloudContext): Promise<Verdict> {
  const { value: bucket, denied } = await attempt(context.cloud.buckets.get(name));
  if (bucket === undefined && denied === undefined) return notApplicable('waits for bucket');
  const bucketPolicy = bucket?.policy === undefined ? undefined : parsedOrNot({ name: '', document: bucket.policy }, bucketPolicyName, 'resource');
  if (typeof bucketPolicy === 'string') return fail(bucketPolicy, bucketConsole(name));
  const place = await placeOf(context);
  const permissions = await permissionsOf(found, context);
  const ask = (action: string, resource: string): Decided => decideFor({ action, resource }, { found, context, place, permissions, bucketPolicy });
  const captures = capturesArn(name, context, place);
  const grant = command('aws', 'iam', 'put-role-policy', '--role-name', found.name, '--policy-name', freeName(`FescueCaptures-${name}`, permissions), '--policy-document', JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: captures }] }));
  const verdict = rightsVerdict([ask('s3:PutObject', captures)], { console: (policy) => (policy === bucketPolicyName ? bucketConsole(name) : roleConsole(found.name, 'Permissions')), permissions, grant });
  if (verdict.status !== 'ok') return verdict;
  return besides(verdict.found, { denied, bucket, location: ask('s3:GetBucketLocation', `arn:${place.partition}:s3:::${name}`), key: ask('kms:GenerateDataKey', `arn:${place.partition}:kms:${place.region}:${place.account}:key/*`) });
}

type Asking = { readonly found: RoleInQuestion; readonly context: CloudContext; readonly place: Place; readonly permissions: Permissions; readonly bucketPolicy: Policy | undefined };

function decideFor({ action, resource }: { action: string; resource: string }, { found, context, place, permissions: { policies, boundary }, bucketPolicy }: Asking): Decided {
  const request = { action, resource, context: contextOf(found, context, place) };
  const requester = found.role === undefined ? undefined : ({ kind: 'role', arn: found.role.arn } as const);
  return { ...request, decision: decide({ policies, boundary, resourcePolicy: bucketPolicy, requester, request }) };
}

/** What may still be in the way of a role that may write. */
function besides(found: string, { denied, bucket, location, key }: { denied: CloudError | undefined; bucket: Bucket | undefined; location: Decided; key: Decided }): Verdict {
  if (denied !== undefined) return warning(`${found}; whether the bucket's own policy agrees could not be checked: needs ${denied.action}`, denied.message);
  if (bucket?.encryption?.startsWith('aws:kms') === true && key.decision.effect !== 'allowed') return warning(`${found}; but the bucket encrypts with KMS, and ${key.action} ${describeDecision(key.decision)}`, "Unless the key is AWS's own, aws/s3, allow kms:GenerateDataKey on the bucket's key to the role.");
  if (location.decision.effect !== 'allowed') return warning(`${found}; but ${location.action} ${describeDecision(location.decision)}`, `Greengrass asks for it when artifacts come from this bucket: allow s3:GetBucketLocation on ${location.resource} to the role.`);
  return { status: 'ok', found };
}
