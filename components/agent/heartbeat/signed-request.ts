import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentials } from '../../common/credentials.ts';

type Bytes = string | ArrayBuffer | ArrayBufferView;

/** SHA-256, and its HMAC with a secret, as the signer asks for them. */
class Sha256 {
  readonly #secret: Bytes | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: Bytes) {
    this.#secret = secret;
    this.#hash = this.#begin();
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = this.#begin();
  }

  #begin(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', bufferOf(this.#secret));
  }
}

/** The headers of a signed POST of JSON (AWS Signature Version 4). */
export async function signedHeaders({ url, body, region, service, credentials, nowMs }: { url: URL; body: string; region: string; service: string; credentials: AwsCredentials; nowMs: number }): Promise<Record<string, string>> {
  const signer = new SignatureV4({ region, service, credentials, sha256: Sha256 });
  const request = {
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    headers: { host: url.host, 'content-type': 'application/json' },
    body,
  };
  const { headers } = await signer.sign(request, { signingDate: new Date(nowMs) });
  return headers;
}

function bufferOf(bytes: Bytes): Buffer {
  if (typeof bytes === 'string') return Buffer.from(bytes);
  return ArrayBuffer.isView(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.from(bytes);
}
