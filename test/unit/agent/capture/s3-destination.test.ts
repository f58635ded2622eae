import { describe, expect, onTestFinished, test } from 'vitest';
import { openS3Destination, type S3Destination, type S3Options } from '../../../../components/agent/capture/s3-destination.ts';
import { useS3, type S3Fault, type S3Server } from '../../../helpers/s3-server.ts';

const never = new AbortController().signal;
const object = { key: "sme-capture/f!_.*'()-/m/a.jsonl", body: Buffer.from('content\n'), contentType: 'application/x-ndjson' };
const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'SECRETVALUE', sessionToken: 'TOKENVALUE' };
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

function destinationIn(s3: Pick<S3Server, 'endpoint'>, options: Partial<S3Options> = {}): S3Destination {
  const destination = openS3Destination({ bucket: 'sagemaker-captures', region: 'eu-west-1', endpoint: s3.endpoint, credentials: () => credentials, idleTimeoutMs: 10_000, bytesPerSecond: Infinity, ...options });
  onTestFinished(() => destination.close());
  return destination;
}

test('an object is one signed request, with its length, type and checksum', async () => {
  const s3 = await useS3();
  await destinationIn(s3).put(object, never);
  expect(s3.requests).toMatchObject([{ method: 'PUT', key: object.key, accessKeyId: 'AKIATEST', headers: { 'content-length': '8', 'content-type': 'application/x-ndjson', 'x-amz-security-token': 'TOKENVALUE', 'x-amz-checksum-crc32': expect.any(String) as string } }]);
  expect(s3.objects.get(object.key)?.toString()).toBe('content\n');
});

test.each([1, 2_000, 300_000, 3_000_000])('at a rate, %d bytes arrive whole and with their length', async (bytes) => {
  const s3 = await useS3();
  const body = Buffer.from(Array.from({ length: bytes }, (_, index) => index % 251));
  await destinationIn(s3, { bytesPerSecond: 20_000_000 }).put({ ...object, body }, never);
  expect(s3.requests.map(({ headers }) => [headers['content-length'], headers['transfer-encoding']])).toEqual([[String(bytes), undefined]]);
  expect(s3.objects.get(object.key)?.equals(body)).toBe(true);
});

test('the rate may change, to none and back', async () => {
  const s3 = await useS3();
  const destination = destinationIn(s3);
  for (const rate of [20_000_000, Infinity, 10_000_000]) {
    destination.setRate(rate);
    await destination.put({ ...object, body: Buffer.alloc(200_000, 1) }, never);
  }
  expect(s3.requests.map(({ headers }) => headers['content-length'])).toEqual(['200000', '200000', '200000']);
});

describe('an answer is understood:', () => {
  test.each<[S3Fault, string, RegExp]>([
    [{ status: 403, code: 'AccessDenied' }, 'refused', /^s3:\/\/sagemaker-captures does not take the object \(403 AccessDenied: .*\)\. Allow s3:PutObject on the bucket/],
    [{ status: 403, code: 'InvalidAccessKeyId' }, 'refused', /403 InvalidAccessKeyId/],
    [{ status: 404, code: 'NoSuchBucket' }, 'refused', /Create the bucket, or correct BucketName\.$/],
    [{ status: 301, code: 'PermanentRedirect' }, 'refused', /in another region: AwsRegion/],
    [{ status: 400, code: 'AuthorizationHeaderMalformed' }, 'refused', /in another region: AwsRegion/],
    [{ status: 307, code: 'TemporaryRedirect' }, 'unreachable', /tried again/],
    [{ status: 400, code: 'ExpiredToken' }, 'unreachable', /New credentials are awaited/],
    [{ status: 400, code: 'InvalidToken' }, 'unreachable', /New credentials are awaited/],
    [{ status: 403, code: 'RequestTimeTooSkewed' }, 'unreachable', /Set the clock of the device/],
    [{ status: 400, code: 'RequestTimeout' }, 'unreachable', /tried again/],
    [{ status: 400, code: 'BadDigest' }, 'unreachable', /tried again/],
    [{ status: 409, code: 'OperationAborted' }, 'unreachable', /tried again/],
    [{ status: 429, code: 'TooManyRequests' }, 'unreachable', /tried again/],
    [{ status: 500, code: 'InternalError' }, 'unreachable', /tried again/],
    [{ status: 503, code: 'SlowDown' }, 'unreachable', /tried again/],
    [{ status: 507, code: 'XMinioStorageFull' }, 'unreachable', /tried again/],
    [{ status: 400, code: 'InvalidArgument' }, 'rejected', /The object itself is the cause/],
    [{ status: 400, code: 'EntityTooLarge' }, 'rejected', /The object itself is the cause/],
    [{ status: 413, code: 'Something' }, 'rejected', /The object itself is the cause/],
    [{ status: 400, code: 'SomethingNew' }, 'refused', /400 SomethingNew.*Check the bucket, its policy and S3Endpoint/],
    [{ status: 400, code: 'constructor' }, 'refused', /Check the bucket/],
    [{ status: 405, code: 'MethodNotAllowed' }, 'refused', /Check the bucket/],
    [{ status: 200, code: 'InternalError' }, 'unreachable', /tried again/],
    [{ page: '<html>Sign in here</html>' }, 'unreachable', /Something answered in place of s3:\/\/sagemaker-captures: the answer has no ETag/],
    [{ page: '<!doctype html>\n<html lang=en>\n<title>x</title>', status: 502 }, 'unreachable', /\(502 with a page in place of an answer of S3\)\. It is tried again/],
    [{ page: '<html><title>x</html>', status: 404 }, 'refused', /404 with a page.*Create the bucket/],
    [{ page: 'too large', status: 413 }, 'rejected', /413/],
    [{ page: '', status: 403 }, 'refused', /403/],
    [{ page: '{"message": "no"}', status: 400 }, 'refused', /400.*Check the bucket/],
    ['hang', 'unreachable', /Is the device online/],
    [{ cutAfterBytes: 3 }, 'unreachable', /Is the device online/],
    [{ cutAfterBytes: 0 }, 'unreachable', /Is the device online/],
  ])('%j is %s', async (fault, kind, message) => {
    const s3 = await useS3();
    s3.fault = () => fault;
    const destination = destinationIn(s3, { idleTimeoutMs: 200 });
    const failure: unknown = await destination.put(object, never).catch((error: unknown) => error);
    expect(failure).toMatchObject({ fault: kind, message: expect.stringMatching(message) as string });
    expect(String(failure)).not.toMatch(/VALUE/);
    expect(s3.requests).toHaveLength(1);
    s3.fault = () => undefined;
    await destination.put(object, never);
    expect(s3.objects.get(object.key)?.toString()).toBe('content\n');
  });

  test('nobody there', async () => {
    const s3 = await useS3();
    const destination = destinationIn(s3);
    await s3.stop();
    await expect(destination.put(object, never)).rejects.toMatchObject({ fault: 'unreachable', message: expect.stringMatching(/ECONNREFUSED.*Is the device online/) as string });
    await s3.start();
    await destination.put(object, never);
    expect(s3.objects.size).toBe(1);
  });
});

describe('credentials', () => {
  test('without any, nothing is sent', async () => {
    const s3 = await useS3();
    await expect(destinationIn(s3, { credentials: () => undefined }).put(object, never)).rejects.toMatchObject({ fault: 'unreachable', message: expect.stringMatching(/no valid AWS credentials.*aws\.greengrass\.TokenExchangeService/) as string });
    expect(s3.requests).toEqual([]);
  });

  test('each object goes with those that are valid then', async () => {
    const s3 = await useS3();
    let current: ReturnType<S3Options['credentials']> = { ...credentials, expiration: inAnHour() };
    const destination = destinationIn(s3, { credentials: () => current });
    await destination.put(object, never);
    current = { ...credentials, accessKeyId: 'AKIANEXT', expiration: new Date(Date.now() + 200_000) };
    s3.fault = () => ({ status: 400, code: 'ExpiredToken' });
    await expect(destination.put(object, never)).rejects.toMatchObject({ fault: 'unreachable' });
    s3.fault = () => undefined;
    await destination.put(object, never);
    current = undefined;
    await expect(destination.put(object, never)).rejects.toThrow(/no valid AWS credentials/);
    current = { ...credentials, accessKeyId: 'AKIALAST', expiration: inAnHour() };
    await destination.put(object, never);
    expect(s3.requests.map(({ accessKeyId }) => accessKeyId)).toEqual(['AKIATEST', 'AKIANEXT', 'AKIANEXT', 'AKIALAST']);
  });
});

test('an upload that gets no answer ends with the signal', async () => {
  const s3 = await useS3();
  s3.fault = () => 'hang';
  const stop = new AbortController();
  const sending = expect(destinationIn(s3).put(object, stop.signal)).rejects.toThrow();
  while (s3.requests.length === 0) await new Promise((done) => setTimeout(done, 5));
  stop.abort();
  await sending;
});
