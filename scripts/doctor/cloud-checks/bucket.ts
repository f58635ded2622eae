import type { Bucket } from '../../cloud/cloud.ts';
import { bucketNameRule } from '../../cloud/names.ts';
import type { Check, CloudContext, Verdict } from '../check.ts';
import { fail, notApplicable, ok, warning } from '../verdict.ts';
import { command, setupCommand } from './remedies.ts';
import { namesOf, placeOf } from './subject.ts';

export const noBucket = notApplicable('no bucket named', 'Name it with --bucket, or the fleet with --fleet. Captures that stay on the device need none.');

export const bucketCheck: Check<CloudContext> = {
  name: 'bucket',
  title: 'The bucket of captures exists, in the region of the devices, with sagemaker in its name',
  prerequisite: { step: '4', line: 66, says: 'A fleet of Edge Manager was created with a bucket of its region.' },
  meaning: 'Captures wait on the devices.',
  after: ['aws-credentials'],
  run: async (context) => {
    const { bucket } = await namesOf(context);
    return bucket === undefined ? noBucket : bucketVerdict(bucket, context);
  },
};

export const bucketSafetyCheck: Check<CloudContext> = {
  name: 'bucket-safety',
  title: 'The bucket is encrypted, private and keeps versions',
  meaning: 'What cameras saw may be read by others, or be lost by a mistake.',
  after: ['aws-credentials', 'bucket'],
  run: async (context) => {
    const { bucket: name } = await namesOf(context);
    const bucket = name === undefined ? undefined : await context.cloud.buckets.get(name);
    return bucket === undefined ? noBucket : safetyVerdict(bucket);
  },
};

async function bucketVerdict(name: string, context: CloudContext): Promise<Verdict> {
  const { regex, expected } = bucketNameRule;
  const needsWord = context.subject.anyBucketName !== true;
  if (needsWord && !regex.test(name)) return fail(`${name}; expected ${expected}`, `Use another bucket. Without sagemaker in its name, the agent takes it with BucketNameRule set to any, and AmazonSageMakerEdgeDeviceFleetPolicy does not let devices write to it.`);
  const bucket = await context.cloud.buckets.get(name);
  if (bucket === undefined) return fail(`no bucket ${name}`, await setupCommand(context));
  const { region } = await placeOf(context);
  if (bucket.region !== region) return fail(`${name} is in ${bucket.region}; the devices are in ${region}`, `Use a bucket in ${region}, or set AwsRegion of the agent to ${bucket.region} and run this with --region ${bucket.region}.`);
  return ok(`${name} in ${region}`);
}

function safetyVerdict({ name, encryption, versioning, isPrivate }: Bucket): Verdict {
  const api = (verb: string, ...words: readonly string[]): string => command('aws', 's3api', verb, '--bucket', name, ...words);
  const problems = [
    { isThere: encryption === undefined, problem: 'not encrypted', remedy: api('put-bucket-encryption', '--server-side-encryption-configuration', '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}') },
    { isThere: !isPrivate, problem: 'public access is not blocked', remedy: api('put-public-access-block', '--public-access-block-configuration', 'BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true') },
    { isThere: versioning !== 'Enabled', problem: 'no versions are kept', remedy: api('put-bucket-versioning', '--versioning-configuration', 'Status=Enabled') },
  ].filter(({ isThere }) => isThere);
  if (problems.length === 0) return ok(`encrypted with ${encryption}, private, with versions`);
  return warning(problems.map(({ problem }) => problem).join(', '), problems.map(({ remedy }) => remedy).join(' && '));
}
