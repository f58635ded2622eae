import { expect, test } from 'vitest';
import type { AwsAnswer, AwsRequest } from '../../helpers/aws-server.ts';
import { s3Failure, useRecordedAws, xml } from '../../helpers/recorded-aws.ts';

const bucket = 'sagemaker-lobby';
const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const located = (location: string): AwsAnswer => xml(`<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint ${namespace}>${location}</LocationConstraint>`);

/** What each kind of question is answered when there is none of it. */
const absent: Readonly<Record<string, AwsAnswer>> = {
  tagging: s3Failure(404, 'NoSuchTagSet'),
  encryption: s3Failure(404, 'ServerSideEncryptionConfigurationNotFoundError'),
  versioning: xml(`<VersioningConfiguration ${namespace}/>`),
  publicAccessBlock: s3Failure(404, 'NoSuchPublicAccessBlockConfiguration'),
  policy: s3Failure(404, 'NoSuchBucketPolicy'),
};

/** The kind of question, such as `tagging`. */
function kindOf({ query }: AwsRequest): string {
  return [...query.keys()].find((key) => key !== 'x-id') ?? '';
}

async function useBucket(answers: Readonly<Record<string, AwsAnswer>>, region?: string) {
  return useRecordedAws((request) => (request.path === `/${bucket}` || request.path === `/${bucket}/` ? { ...absent, ...answers }[kindOf(request)] : undefined), region === undefined ? {} : { region });
}

test.each([
  ['', 'us-east-1'],
  ['EU', 'eu-west-1'],
  ['ap-southeast-2', 'ap-southeast-2'],
])('a bucket located in %j is in %s', async (location, region) => {
  const { cloud } = await useBucket({ location: located(location) });
  expect(await cloud.buckets.get(bucket)).toEqual({ name: bucket, region, tags: {}, encryption: undefined, versioning: undefined, isPrivate: false, policy: undefined });
});

test('reads all there is to know', async () => {
  const policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}';
  const { cloud } = await useBucket({
    location: located('eu-west-1'),
    tagging: xml(`<Tagging ${namespace}><TagSet><Tag><Key>fescue:fleet</Key><Value>lobby</Value></Tag></TagSet></Tagging>`),
    encryption: xml(`<ServerSideEncryptionConfiguration ${namespace}><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>arn:aws:kms:eu-west-1:123456789012:key/1</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`),
    versioning: xml(`<VersioningConfiguration ${namespace}><Status>Enabled</Status></VersioningConfiguration>`),
    publicAccessBlock: xml(`<PublicAccessBlockConfiguration ${namespace}><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`),
    policy: { headers: { 'content-type': 'application/json' }, body: policy },
  });
  expect(await cloud.buckets.get(bucket)).toEqual({ name: bucket, region: 'eu-west-1', tags: { 'fescue:fleet': 'lobby' }, encryption: 'aws:kms', versioning: 'Enabled', isPrivate: true, policy });
});

test('is private only with all four blocks', async () => {
  const { cloud } = await useBucket({ location: located('eu-west-1'), publicAccessBlock: xml(`<PublicAccessBlockConfiguration ${namespace}><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>`) });
  expect(await cloud.buckets.get(bucket)).toMatchObject({ isPrivate: false });
});

test('one that is nowhere is undefined, and asked for once', async () => {
  const { cloud, requests } = await useBucket({ location: s3Failure(404, 'NoSuchBucket') });
  expect(await cloud.buckets.get(bucket)).toBeUndefined();
  expect(requests).toHaveLength(1);
});

test('one in another region is asked for there', async () => {
  const { cloud, requests } = await useRecordedAws((request) => {
    if (request.region !== 'ap-south-1') return s3Failure(301, 'PermanentRedirect', `<Endpoint>${bucket}.s3.ap-south-1.amazonaws.com</Endpoint>`, { 'x-amz-bucket-region': 'ap-south-1' });
    return { ...absent, location: located('ap-south-1') }[kindOf(request)];
  });
  expect(await cloud.buckets.get(bucket)).toMatchObject({ region: 'ap-south-1' });
  expect(requests.some(({ region }) => region === 'eu-west-1')).toBe(true);
});

test('one whose region is not told is in the wrong region', async () => {
  const { cloud } = await useBucket({ location: s3Failure(301, 'PermanentRedirect') });
  await expect(cloud.buckets.get(bucket)).rejects.toMatchObject({ fault: 'wrong-region', message: `s3:GetBucketLocation of bucket ${bucket}: it is not in the region eu-west-1. Name that one with --region.` });
});

test("somebody else's is access denied", async () => {
  const { cloud } = await useBucket({ location: s3Failure(403, 'AccessDenied') });
  await expect(cloud.buckets.get(bucket)).rejects.toMatchObject({ fault: 'access-denied', action: 's3:GetBucketLocation', message: expect.stringContaining('as to buckets of other accounts. Allow s3:GetBucketLocation') as string });
});

test.each([
  ['tagging', 's3:GetBucketTagging'],
  ['encryption', 's3:GetEncryptionConfiguration'],
  ['versioning', 's3:GetBucketVersioning'],
  ['publicAccessBlock', 's3:GetBucketPublicAccessBlock'],
  ['policy', 's3:GetBucketPolicy'],
])('what it takes to read its %s is told', async (kind, action) => {
  const { cloud } = await useBucket({ location: located('eu-west-1'), [kind]: s3Failure(403, 'AccessDenied') });
  await expect(cloud.buckets.get(bucket)).rejects.toMatchObject({ fault: 'access-denied', action });
});

test.each([
  ['eu-west-1', '<LocationConstraint>eu-west-1</LocationConstraint>'],
  ['us-east-1', undefined],
])('is created in %s', async (region, expected) => {
  const { cloud, requests } = await useRecordedAws(() => ({ headers: { location: `/${bucket}` } }), { region });
  await cloud.buckets.create(bucket);
  const body = requests[0]?.body.toString() ?? '';
  expect(requests[0]).toMatchObject({ method: 'PUT', region });
  if (expected === undefined) expect(body).toBe('');
  else expect(body).toContain(expected);
});

test.each([
  ['BucketAlreadyExists', 409, 'already-exists', 'another account has this name'],
  ['BucketAlreadyOwnedByYou', 409, 'already-exists', 'already in this account'],
  ['OperationAborted', 409, 'conflict', 'Try again'],
  ['TooManyBuckets', 400, 'limit-exceeded', 'quota'],
  ['InvalidBucketName', 400, 'refused', 'AWS answers 400 InvalidBucketName (AWS says: Told by the test)'],
  ['IllegalLocationConstraintException', 400, 'wrong-region', 'not in the region eu-west-1'],
])('%s of a bucket to be created', async (code, status, fault, said) => {
  const { cloud } = await useRecordedAws(() => s3Failure(status, code));
  await expect(cloud.buckets.create(bucket)).rejects.toMatchObject({ fault, message: expect.stringContaining(said) as string });
});

test('is empty only without older versions', async () => {
  let content = '<DeleteMarker><Key>a</Key><VersionId>1</VersionId><IsLatest>true</IsLatest></DeleteMarker>';
  const { cloud } = await useRecordedAws(() => xml(`<ListVersionsResult ${namespace}><Name>${bucket}</Name><MaxKeys>1</MaxKeys><IsTruncated>false</IsTruncated>${content}</ListVersionsResult>`));
  expect(await cloud.buckets.isEmpty(bucket)).toBe(false);
  content = '<Version><Key>a</Key><VersionId>1</VersionId><IsLatest>true</IsLatest><Size>1</Size></Version>';
  expect(await cloud.buckets.isEmpty(bucket)).toBe(false);
  content = '';
  expect(await cloud.buckets.isEmpty(bucket)).toBe(true);
});
