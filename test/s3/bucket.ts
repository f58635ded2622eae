import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

/** Of the server under test. */
export const endpoint = process.env['FESCUE_TEST_S3_ENDPOINT'] ?? '';

/** Makes a bucket of its own for a test. @returns its name */
export async function makeBucket(): Promise<string> {
  const bucket = `sagemaker-${randomBytes(8).toString('hex')}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'any' }, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return bucket;
}
