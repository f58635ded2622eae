import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export type SignedRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: Buffer };

/**
 * Checks a request's AWS Signature Version 4, written from its description and not with AWS's own code.
 *
 * @param secretOf the secret of an access key id
 * @returns the name of the error that AWS would answer with; undefined for a signature that is right
 */
export function signatureError(request: SignedRequest, expected: { service: string; region: string; secretOf: (accessKeyId: string) => string | undefined }): string | undefined {
  const { headers } = request;
  const [, accessKeyId = '', day = '', region = '', service = '', names = '', signature = ''] = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? '') ?? [];
  const date = String(headers['x-amz-date'] ?? '');
  if (signature === '') return 'MissingAuthenticationTokenException';
  const secret = expected.secretOf(accessKeyId);
  if (secret === undefined) return 'UnrecognizedClientException';
  if (service !== expected.service || region !== expected.region || !date.startsWith(day)) return 'InvalidSignatureException';
  if (Math.abs(Date.now() - timeOf(date)) > 300_000) return 'InvalidSignatureException';
  const signed = names.split(';');
  if (!['host', 'x-amz-date', 'x-amz-security-token'].every((name) => signed.includes(name))) return 'InvalidSignatureException';
  const canonical = [request.method, request.path, '', ...signed.map((name) => `${name}:${String(headers[name]).trim()}`), '', names, sha256(request.body)].join('\n');
  const scope = [day, region, service, 'aws4_request'];
  const key = scope.reduce<Buffer | string>((secretKey, part) => createHmac('sha256', secretKey).update(part).digest(), `AWS4${secret}`);
  const right = createHmac('sha256', key).update(['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(Buffer.from(canonical))].join('\n')).digest('hex');
  return right === signature ? undefined : 'InvalidSignatureException';
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function timeOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
