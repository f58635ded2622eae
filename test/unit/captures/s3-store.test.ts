import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { CaptureStore } from '../../../scripts/captures/capture-store.ts';
import { findCaptures } from '../../../scripts/captures/find-captures.ts';
import { openS3Store } from '../../../scripts/captures/s3-store.ts';
import { openStore } from '../../../scripts/captures/open-store.ts';
import { makeIdentity } from '../../../scripts/packaging/certificates.ts';
import { captureKey, captureLineOf, linesText } from '../../helpers/capture-files.ts';
import { s3Environment, useS3, withoutCredentials, type S3Fault, type S3Server } from '../../helpers/s3-server.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const bucket = 'sagemaker-captures';
const from = captureKey();
const beside = `${dirname(from)}/raw-data/input-tensors/x.bin`;

function useEnvironment(environment: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
}

beforeEach(() => useEnvironment(s3Environment('AKIAREADER')));
afterEach(() => vi.unstubAllEnvs());

async function idsIn(store: CaptureStore, filter = {}): Promise<string[]> {
  const ids: string[] = [];
  for await (const { line } of findCaptures(store, { filter, onProblem: ({ key, reason }) => expect.fail(`${key}: ${reason}`) })) ids.push(line.eventMetadata.eventId);
  return ids;
}

function fillHours(s3: S3Server, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const at = new Date(Date.UTC(2023, 2, 14, index)).toISOString().slice(0, 19);
    s3.objects.set(captureKey({ at }), Buffer.from(linesText([captureLineOf({ id: `c${index}`, at })])));
    for (let tensor = 0; tensor < 3; tensor += 1) s3.objects.set(`${dirname(captureKey({ at }))}/raw-data/input-tensors/${tensor}.jsonl`, Buffer.alloc(10));
  }
}

test('finds captures page by page, and lists no hours that cannot match', async () => {
  const s3 = await useS3({ pageSize: 3 });
  fillHours(s3, 30);
  s3.objects.set('sme-capture-other/x.jsonl', Buffer.from('x'));
  const store = await openStore(`s3://${bucket}/sme-capture`, { endpoint: s3.endpoint });
  expect(store.name).toBe(`s3://${bucket}/sme-capture`);
  expect(await idsIn(store)).toEqual(Array.from({ length: 30 }, (_, index) => `c${index}`));
  const before = s3.requests.length;
  expect(await idsIn(store, { since: Date.UTC(2023, 2, 14, 5), until: Date.UTC(2023, 2, 14, 6) })).toEqual(['c5']);
  const asked = s3.requests.slice(before);
  expect(asked.filter(({ key }) => key !== '')).toHaveLength(3);
  expect(asked.some(({ query }) => query.get('prefix')?.includes('raw-data') || query.get('prefix')?.includes('/14/09/'))).toBe(false);
  expect([...s3.accessKeyIds]).toEqual(['AKIAREADER']);
});

test.each(['', '/', '/sme-capture/', '/sme-capture/fleet/pump/2023/03/14/16'])('a location may be s3://bucket%s', async (path) => {
  const s3 = await useS3();
  s3.objects.set(from, Buffer.from(linesText([captureLineOf({ id: 'x' })])));
  expect(await idsIn(await openS3Store(`s3://${bucket}${path}`, { endpoint: s3.endpoint }), { model: 'pump', since: 0 })).toEqual(['x']);
});

test('references lead to the bucket and prefix, or beside the line', async () => {
  const s3 = await useS3();
  s3.objects.set(beside, Buffer.from('data')).set('secret', Buffer.from('secret'));
  const store = await openS3Store(`s3://${bucket}/sme-capture`, { endpoint: s3.endpoint });
  for (const reference of [`s3://${bucket}/${beside}`, `s3://another/${beside}`, `file:///greengrass/work/capture/${beside}`]) expect((await store.readReference({ reference, from })).toString()).toBe('data');
  for (const reference of [`s3://${bucket}/secret`, `s3://another/raw-data/gone`, `s3://${bucket}/raw-data/${'../'.repeat(8)}secret`, 'file:///etc/passwd']) await expect(store.readReference({ reference, from })).rejects.toThrow(/outside of s3:/);
  await expect(store.readReference({ reference: `s3://${bucket}/${beside}.gone`, from })).rejects.toThrow(/x\.bin\.gone cannot be read: there is no such object/);
  expect(s3.requests.some(({ key }) => key === 'secret')).toBe(false);
});

test('goes on when a connection is cut amid an object', async () => {
  const s3 = await useS3();
  s3.objects.set(from, Buffer.from(linesText([captureLineOf({ id: 'x' })])));
  let cuts = 2;
  s3.fault = ({ key }) => (key === '' || cuts-- <= 0 ? undefined : { cutAfterBytes: 10 });
  const store = await openS3Store(`s3://${bucket}`, { endpoint: s3.endpoint });
  expect(await idsIn(store)).toEqual(['x']);
  s3.fault = ({ key }) => (key === '' ? undefined : { cutAfterBytes: 10 });
  await expect(store.read(from)).rejects.toThrow(/^s3:\/\/.*jsonl cannot be read: http:\/\/.* does not answer/);
});

test.each<[string, S3Fault, string, RegExp]>([
  ['no such bucket', { status: 404, code: 'NoSuchBucket' }, 'not-found', /there is no such bucket\. Check its name/],
  ['denied', { status: 403, code: 'AccessDenied', message: 'a-secret-that-nobody-may-see' }, 'unavailable', /access is denied.*s3:ListBucket.*s3:GetObject/],
  ['expired', { status: 400, code: 'ExpiredToken' }, 'unavailable', /credentials have expired\. Sign in again/],
  ['unknown key id', { status: 403, code: 'InvalidAccessKeyId' }, 'unavailable', /are not known there/],
  ['wrong region', { status: 400, code: 'AuthorizationHeaderMalformed' }, 'unavailable', /in another region.*--region/],
  ['busy', { status: 503, code: 'SlowDown' }, 'unavailable', /busy or out of order \(503 SlowDown\)\. Try again later/],
  ['silent', 'hang', 'unavailable', /does not answer \(ETIMEDOUT\)/],
  ['something new', { status: 400, code: 'No\u009bSuch' }, 'unavailable', /it answers NoSuch\./],
])('%s is told with a remedy', async (_, fault, kind, message) => {
  const s3 = await useS3();
  s3.fault = () => fault;
  const store = await openS3Store(`s3://${bucket}/sme-capture`, { endpoint: s3.endpoint, idleTimeoutMs: 200 });
  const failure: unknown = await idsIn(store).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'FescueError', kind, message: expect.stringMatching(message) as string });
  expect(String(failure)).toContain(`s3://${bucket}/sme-capture cannot be read: `);
  expect(String(failure)).not.toContain('a-secret-that-nobody-may-see');
});

test('no network, no credentials and no region are told', async () => {
  const s3 = await useS3();
  const openAndList = async (): Promise<string[]> => idsIn(await openS3Store(`s3://${bucket}`, { endpoint: s3.endpoint }));
  await s3.stop();
  await expect(openAndList()).rejects.toThrow(/http:\/\/127\.0\.0\.1:\d+ does not answer \(ECONNREFUSED\)\. Check the network/);
  useEnvironment({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, ...withoutCredentials });
  await expect(openAndList()).rejects.toThrow(/no AWS credentials were found\. Sign in/);
  useEnvironment({ ...s3Environment(), AWS_REGION: undefined });
  await expect(openAndList()).rejects.toThrow(/the AWS region is not known\. Name it with --region/);
});

test.each(['s3://', 's3://Bucket', 's3://a', 's3:///x', 'https://host/x', 'file:///x'])('%s is no location', async (location) => {
  await expect(openStore(location)).rejects.toMatchObject({ kind: 'invalid-argument', message: expect.stringContaining('expected') as string });
});

test('an endpoint is a URL, with a certificate that is trusted', async () => {
  await expect(openStore('s3://bucket', { endpoint: 'minio:9000' })).rejects.toThrow('minio:9000 is no endpoint: expected a URL');
  const { keyPem, certificatePem } = await makeIdentity({ commonName: 'localhost', notBefore: new Date(0), notAfter: new Date(Date.now() + 3_600_000) });
  const server = createServer({ key: keyPem, cert: certificatePem }).listen(0);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const store = await openS3Store('s3://bucket', { endpoint: `https://localhost:${(server.address() as AddressInfo).port}` });
  await expect(idsIn(store)).rejects.toThrow(/the certificate of https:\/\/localhost:\d+ is not trusted \(\w+\)\. Set NODE_EXTRA_CA_CERTS/);
});

test('a folder takes no options of S3', async () => {
  const folder = await temporaryFolder();
  await expect(openStore(folder, { region: 'eu-west-1' })).rejects.toThrow(/is a folder, for which --endpoint and --region mean nothing/);
  expect((await openStore(folder)).name).toBe(folder);
});
