/**
 * As much of S3 as captured data needs: objects in memory, in path style. What it takes is checked as S3 would: that
 * requests are signed, and that bodies are what their digests say.
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { useLoopbackServer, type LoopbackServer } from './loopback-server.ts';
import { bodyOf, checkBody } from './s3-body.ts';
import { listObjects } from './s3-listing.ts';

/** A request as it was taken, before it is answered; `key` is empty for one to the bucket. */
export type S3Request = { method: string; bucket: string; key: string; query: URLSearchParams; headers: IncomingHttpHeaders; accessKeyId: string | undefined };

/**
 * What goes wrong with a request: an answer with S3's XML of an error (`retryAfter` in seconds), a web page of somebody
 * else (200 unless told), no answer at all, one that comes later, one that is lost or withheld after the request was
 * carried out, or a connection that is cut: after so many bytes of the body of the request (PUT) or of the answer.
 */
export type S3Fault = S3Failure | { page: string; status?: number } | 'hang' | 'lost' | 'withheld' | { delayMs: number } | { until: Promise<unknown> } | { cutAfterBytes: number };

type S3Failure = { status: number; code: string; message?: string; retryAfter?: number };

export type S3Server = LoopbackServer & {
  /** Objects by key, of each bucket. */
  readonly buckets: ReadonlyMap<string, Map<string, Buffer>>;
  /** Every request so far, in order of arrival. */
  readonly requests: readonly S3Request[];
  /** The access key ids that requests were signed with, each once, in order of appearance. */
  readonly accessKeyIds: ReadonlySet<string>;
  /** Asked for each request that is signed; undefined lets it pass. */
  fault: (request: S3Request) => S3Fault | undefined;
  /** The most requests that were being answered at the same time. */
  readonly mostAtOnce: number;
  /** The objects of the only bucket. */
  readonly objects: Map<string, Buffer>;
};

type Answer = { status: number; headers?: Record<string, string>; body?: Buffer | string };

/**
 * @param options.buckets names of the buckets that exist
 * @param options.pageSize keys a listing has at most
 */
export async function useS3({ buckets: names = ['sagemaker-captures'], pageSize = 1_000 }: { buckets?: readonly string[]; pageSize?: number } = {}): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const buckets = new Map(names.map((name, index) => [name, index === 0 ? objects : new Map<string, Buffer>()]));
  const requests: S3Request[] = [];
  const accessKeyIds = new Set<string>();
  const atOnce = countAtOnce();
  const served = await useLoopbackServer((message, response) => {
    const request = requestOf(message);
    requests.push(request);
    if (request.accessKeyId !== undefined) accessKeyIds.add(request.accessKeyId);
    atOnce.begin(response);
    // A client that hangs up leaves nobody to answer.
    serve(message, response, { request, fault: request.accessKeyId === undefined ? undefined : s3.fault(request), buckets, pageSize }).catch(() => response.destroy());
  });
  const s3: S3Server = { ...served, buckets, requests, accessKeyIds, get mostAtOnce() { return atOnce.most(); }, fault: () => undefined, objects };
  return s3;
}

/** What the AWS SDK takes from the environment to sign requests with, and to look for no other credentials. */
export function s3Environment(accessKeyId = 'AKIATEST'): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'a-secret-that-nobody-may-see',
    ...withoutCredentials,
  };
}

/** No credentials, wherever the AWS SDK may look for them. */
export const withoutCredentials = {
  AWS_REGION: 'eu-west-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

/** Counts answers that are under way; each ends as its last bytes are handed over, before its client can ask again. */
function countAtOnce(): { begin(response: ServerResponse): void; most(): number } {
  const under = new Set<ServerResponse>();
  let most = 0;
  return {
    begin(response) {
      under.add(response);
      most = Math.max(most, under.size);
      response.once('prefinish', () => under.delete(response)).once('close', () => under.delete(response));
    },
    most: () => most,
  };
}

function requestOf(message: IncomingMessage): S3Request {
  const url = new URL(message.url ?? '/', 'http://s3');
  const [bucket = '', ...key] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  return { method: message.method ?? '', bucket, key: key.join('/'), query: url.searchParams, headers: message.headers, accessKeyId: signerOf(message.headers) };
}

/** The access key id of a SigV4 signature. Whether the signature is right is not looked at. */
function signerOf({ authorization = '', 'x-amz-date': date, 'x-amz-content-sha256': digest }: IncomingHttpHeaders): string | undefined {
  const [, accessKeyId] = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/[\w-]+\/s3\/aws4_request, ?SignedHeaders=[\w;-]*host[\w;-]*, ?Signature=[0-9a-f]{64}$/.exec(authorization) ?? [];
  return date === undefined || digest === undefined ? undefined : accessKeyId;
}

type Service = { request: S3Request; fault: S3Fault | undefined; buckets: ReadonlyMap<string, Map<string, Buffer>>; pageSize: number };

async function serve(message: IncomingMessage, response: ServerResponse, { request, fault, buckets, pageSize }: Service): Promise<void> {
  const cut = typeof fault === 'object' && 'cutAfterBytes' in fault ? fault.cutAfterBytes : undefined;
  const body = await bodyOf(message, request.method === 'PUT' ? cut : undefined);
  if (fault === 'hang') return;
  const failed = typeof fault === 'object' ? await answerOf(fault) : undefined;
  const { status, headers = {}, body: content = '' } = failed ?? answer(request, { body, objects: buckets.get(request.bucket), pageSize });
  if (fault === 'withheld') return;
  if (fault === 'lost') return void response.destroy();
  const bytes = Buffer.from(content);
  response.writeHead(status, { 'content-length': String(bytes.length), 'x-amz-request-id': 'TEST', ...headers });
  if (request.method === 'HEAD') return void response.end();
  if (cut === undefined) return void response.end(bytes);
  response.write(bytes.subarray(0, cut), () => response.destroy());
}

/** The answer of a fault; undefined for the usual one, if late. */
async function answerOf(fault: Exclude<S3Fault, string>): Promise<Answer | undefined> {
  if ('delayMs' in fault) await delay(fault.delayMs);
  if ('until' in fault) await fault.until;
  if ('page' in fault) return { status: fault.status ?? 200, headers: { 'content-type': 'text/html' }, body: fault.page };
  return 'status' in fault ? errorAnswer(fault) : undefined;
}

function answer(request: S3Request, { body, objects, pageSize }: { body: Buffer; objects: Map<string, Buffer> | undefined; pageSize: number }): Answer {
  const { method, key } = request;
  if (request.accessKeyId === undefined) return errorAnswer({ status: 403, code: 'AccessDenied', message: 'The request is not signed.' });
  if (objects === undefined) return errorAnswer({ status: 404, code: 'NoSuchBucket' });
  if (key === '') return method === 'GET' && request.query.get('list-type') === '2' ? { status: 200, headers: { 'content-type': 'application/xml' }, body: listObjects(request, { objects, pageSize }) } : method === 'HEAD' ? { status: 200 } : errorAnswer({ status: 501, code: 'NotImplemented' });
  if (method === 'PUT') return putObject(request, body, objects);
  const object = objects.get(key);
  if (object === undefined) return errorAnswer({ status: 404, code: 'NoSuchKey' });
  return method === 'GET' || method === 'HEAD' ? { status: 200, headers: { etag: etagOf(object), 'content-length': String(object.length) }, body: object } : errorAnswer({ status: 501, code: 'NotImplemented' });
}

function putObject({ key, headers }: S3Request, body: Buffer, objects: Map<string, Buffer>): Answer {
  const problem = checkBody(headers, body);
  if (problem !== undefined) return errorAnswer({ status: 400, code: problem });
  if (headers['if-none-match'] === '*' && objects.has(key)) return errorAnswer({ status: 412, code: 'PreconditionFailed' });
  objects.set(key, body);
  return { status: 200, headers: { etag: etagOf(body) } };
}

function etagOf(object: Buffer): string {
  return `"${createHash('md5').update(object).digest('hex')}"`;
}

function errorAnswer({ status, code, message = `Told by the test: ${code}`, retryAfter }: S3Failure): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>TEST</RequestId></Error>`;
  return { status, headers: { 'content-type': 'application/xml', ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }) }, body };
}
