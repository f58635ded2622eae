import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { httpRequest } from '../helpers/http-get.ts';
import { useS3, type S3Fault, type S3Server } from '../helpers/s3-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { secretMark, useTokenEndpoint } from '../helpers/token-endpoint.ts';
import { eventually } from '../helpers/use-agent.ts';
import { expectCaptures, toBucket, useCapturingAgent, type CapturingAgent } from '../helpers/use-capturing-agent.ts';

const ids = ['one', 'two', 'three', 'four'];
const noDelivery = 'captures cannot be delivered now';

async function agentAt(s3: S3Server, ...args: string[]): Promise<CapturingAgent> {
  return useCapturingAgent({ tokens: await useTokenEndpoint(), args: [...toBucket(s3), ...args] });
}

/** Makes every upload fail. @returns how many have */
function failAll(s3: S3Server, fault: S3Fault): () => number {
  let failures = 0;
  s3.fault = () => {
    failures += 1;
    return fault;
  };
  return () => failures;
}

describe('captures wait while S3', () => {
  test.each<[string, S3Fault, string, RegExp]>([
    ['denies access', { status: 403, code: 'AccessDenied' }, 'refused', /403 AccessDenied.*Allow s3:PutObject/],
    ['has no such bucket', { status: 404, code: 'NoSuchBucket' }, 'refused', /404 NoSuchBucket.*Create the bucket, or correct BucketName/],
    ['has the bucket in another region', { status: 301, code: 'PermanentRedirect' }, 'refused', /301 PermanentRedirect.*AwsRegion/],
    ['wants another region in the signature', { status: 400, code: 'AuthorizationHeaderMalformed' }, 'refused', /AwsRegion/],
    ['does not take the token any more', { status: 400, code: 'ExpiredToken' }, 'unreachable', /400 ExpiredToken.*New credentials are awaited/],
    ['is broken', { status: 500, code: 'InternalError' }, 'unreachable', /500 InternalError/],
    ['is busy', { status: 503, code: 'SlowDown' }, 'unreachable', /503 SlowDown/],
    ['is hidden by a sign-in page', { page: '<html>Sign in</html>' }, 'unreachable', /Something answered in place of s3:\/\/sagemaker-captures/],
    ['never answers', 'hang', 'unreachable', /Is the device online/],
    ['cuts connections', { cutAfterBytes: 1_000 }, 'unreachable', /Is the device online/],
  ])('%s, and go after that', async (_, fault, kind, reason) => {
    const s3 = await useS3();
    const agent = await agentAt(s3, '--upload-parallel', '1', '--upload-idle-timeout-seconds', '0.5');
    const failures = failAll(s3, fault);
    for (const id of ids) await agent.capture(id);
    await eventually(() => failures() >= 2, 'uploads to fail again');
    expect(await agent.statuses(ids)).toEqual(ids.map(() => 'IN_PROGRESS'));
    expect(s3.objects.size).toBe(0);
    await eventually(() => agent.logged(noDelivery).length > 0, 'the reason to be logged');
    s3.fault = () => undefined;
    await agent.ended(ids);
    expectCaptures(s3.objects, ids);
    expect(agent.logged(noDelivery)).toMatchObject([{ level: 'warn', destination: 's3://sagemaker-captures', fault: kind, reason: expect.stringMatching(reason) as string }]);
    expect(agent.logged('captures can be delivered again')).toHaveLength(1);
    expect(agent.output()).not.toContain(secretMark);
  });

  test('is not there, and go after that', async () => {
    const s3 = await useS3();
    const agent = await agentAt(s3);
    await s3.stop();
    for (const id of ids) await agent.capture(id);
    await eventually(() => agent.logged(noDelivery).length > 0, 'the reason to be logged');
    expect(await agent.statuses(ids)).toEqual(ids.map(() => 'IN_PROGRESS'));
    await s3.start();
    await agent.ended(ids);
    expectCaptures(s3.objects, ids);
  });
});

test('objects whose answer is lost are sent again under the same keys', async () => {
  const s3 = await useS3();
  const agent = await agentAt(s3);
  const lost = new Set<string>();
  s3.fault = ({ key }) => {
    if (lost.has(key)) return undefined;
    lost.add(key);
    return 'lost';
  };
  for (const id of ids) await agent.capture(id);
  await agent.ended(ids);
  expectCaptures(s3.objects, ids);
  expect(s3.requests.length).toBe(2 * s3.objects.size);
});

test('a capture S3 never takes is given up and put aside, and the others go on', async () => {
  const s3 = await useS3();
  const folder = await temporaryFolder();
  const metrics = join(folder, 'metrics.sock');
  const agent = await useCapturingAgent({ folder, tokens: await useTokenEndpoint(), args: [...toBucket(s3), '--metrics-address', metrics] });
  s3.fault = ({ key }) => (key.endsWith('.bad') ? { status: 400, code: 'InvalidArgument' } : undefined);
  await agent.capture('poison', { auxiliary: { name: 'x.bad', encoding: 'NONE', bytes: Buffer.alloc(4_000, 'poison') } });
  for (const id of ids) await agent.capture(id);
  await agent.ended(ids);
  await agent.ended(['poison'], 'FAILURE');
  // Its tensor went before it was given up; no line refers to that.
  const tensors = s3.requests.filter(({ key }) => key.includes('/input-tensors/'));
  expect(s3.objects.delete(tensors[0]?.key ?? '')).toBe(true);
  expectCaptures(s3.objects, ids);

  expect(agent.logged('capture given up')).toMatchObject([{ level: 'error', capture: 'poison', model: 'pump', why: 'rejected', reason: expect.stringMatching(/400 InvalidArgument.*The object itself is the cause/) as string }]);
  const quarantine = join(folder, 'capture-spool/quarantine');
  const aside = (await readdir(quarantine)).filter((name) => name.endsWith('.bin'));
  expect(aside).toHaveLength(1);
  expect((await readFile(join(quarantine, aside[0] ?? ''))).includes(Buffer.alloc(4_000, 'poison'))).toBe(true);
  expect(JSON.parse(await readFile(join(quarantine, 'reasons.jsonl'), 'utf8'))).toMatchObject({ file: aside[0], reason: expect.stringMatching(/^capture "poison" of model pump: .*InvalidArgument/) as string });
  await eventually(async () => (await httpRequest({ socketPath: metrics, path: '/metrics' })).text.includes('fescue_capture_dropped_total{reason="rejected"} 1\n'), 'the metrics to count it');
  const { text } = await httpRequest({ socketPath: metrics, path: '/metrics' });
  expect(text).toContain(`fescue_capture_delivered_total ${ids.length}\n`);
  expect(text).toContain('fescue_capture_quarantined_total 1\n');
  expect(text).toContain('fescue_capture_failures_total{fault="rejected"} 4\n');
});

test.each([1, 3])('with UploadParallel %d, so many uploads are under way at the same time and no more', async (parallel) => {
  const s3 = await useS3();
  const agent = await agentAt(s3, '--upload-parallel', String(parallel));
  const full = Promise.withResolvers<void>();
  const lots = Array.from({ length: 12 }, (_, index) => `capture-${index}`);
  s3.fault = () => {
    if (s3.mostAtOnce >= parallel) full.resolve();
    return { until: full.promise };
  };
  for (const id of lots) await agent.capture(id);
  await agent.ended(lots);
  expectCaptures(s3.objects, lots);
  expect(s3.mostAtOnce).toBe(parallel);
});

test('at a rate, captures arrive whole', async () => {
  const s3 = await useS3();
  const agent = await agentAt(s3, '--upload-max-kilobytes-per-second', '100');
  for (const id of ids) await agent.capture(id);
  await agent.ended(ids);
  expectCaptures(s3.objects, ids);
  for (const { key, headers } of s3.requests) expect(headers['content-length']).toBe(String(s3.objects.get(key)?.length));
});
