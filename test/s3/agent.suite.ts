import { expect, test } from 'vitest';
import { s3DestinationIn } from '../contract/s3-destination.ts';
import { useTokenEndpoint } from '../helpers/token-endpoint.ts';
import { expectCaptures, toBucket, useCapturingAgent } from '../helpers/use-capturing-agent.ts';
import { endpoint, makeBucket } from './bucket.ts';

const ids = Array.from({ length: 25 }, (_, index) => `capture ${index}/\u{1f98a}`);

/** Everything in a bucket, by key. */
async function objectsIn(bucket: string): Promise<Map<string, Buffer>> {
  const { keys, readUrl } = s3DestinationIn({ endpoint, bucket });
  const objects = new Map<string, Buffer>();
  for (const key of await keys()) objects.set(key, (await readUrl(`s3://${bucket}/${key}`)) ?? Buffer.of());
  return objects;
}

test('an agent brings captures to the bucket', async () => {
  const bucket = await makeBucket();
  const agent = await useCapturingAgent({ tokens: await useTokenEndpoint(), args: [...toBucket({ endpoint, bucket }), '--capture-data-batch-size', '10'] });
  for (const id of ids) await agent.capture(id);
  await agent.ended(ids);
  expectCaptures(await objectsIn(bucket), ids);
});

test('an agent uploads from its disk', async () => {
  const bucket = await makeBucket();
  const agent = await useCapturingAgent({ tokens: await useTokenEndpoint(), args: [...toBucket({ endpoint, bucket }), '--capture-data-destination', 'Disk', '--capture-data-periodic-upload', 'true', '--capture-data-periodic-upload-period-seconds', '0.2'] });
  for (const id of ids) await agent.capture(id);
  await agent.ended(ids);
  await expect.poll(async () => [...(await objectsIn(bucket)).keys()].filter((key) => key.endsWith('.jsonl')).length, { timeout: 20_000 }).toBe(ids.length);
  expectCaptures(await objectsIn(bucket), ids);
});

test('a bucket that is not there is told', async () => {
  const agent = await useCapturingAgent({ tokens: await useTokenEndpoint(), args: toBucket({ endpoint, bucket: 'sagemaker-nowhere' }) });
  await agent.capture('one');
  await expect.poll(() => agent.logged('captures cannot be delivered now'), { timeout: 20_000 }).toMatchObject([{ fault: 'refused', reason: expect.stringMatching(/404 NoSuchBucket.*Create the bucket, or correct BucketName/) as string }]);
  expect(await agent.statuses(['one'])).toEqual(['IN_PROGRESS']);
});
