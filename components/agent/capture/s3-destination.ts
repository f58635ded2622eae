import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { AwsCredentials } from '../../common/credentials.ts';
import type { CaptureObject } from './captured-objects.ts';
import { systemClock } from './clock.ts';
import { checkKey, DeliveryError, type Destination } from './destination.ts';
import { Pacer } from './pacer.ts';
import { deliveryErrorOf } from './s3-fault.ts';

export type S3Options = {
  readonly bucket: string;
  readonly region: string;
  /** URL of a server that speaks S3; empty for AWS. */
  readonly endpoint: string;
  /** The credentials, unless there are none or they have expired; asked before every object. */
  readonly credentials: () => AwsCredentials | undefined;
  /** The longest silence of a connection, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Infinity for as fast as it goes. */
  readonly bytesPerSecond: number;
};

export type S3Destination = Destination & {
  /** Changes the rate; Infinity for as fast as it goes. */
  setRate(bytesPerSecond: number): void;
  close(): void;
};

const connectTimeoutMs = 10_000;

/** Objects in a bucket of S3, or of a server that speaks like it. */
export function openS3Destination(options: S3Options): S3Destination {
  const { bucket, region, endpoint, credentials, idleTimeoutMs, bytesPerSecond } = options;
  const client = new S3Client({
    region,
    // Servers other than AWS have no name for each bucket.
    ...(endpoint === '' ? {} : { endpoint, forcePathStyle: true }),
    // Else the client keeps the first ones until shortly before their end, also when others were given since.
    credentials: Object.assign(async () => validCredentials(credentials), { memoized: true }),
    // Whoever sends has more patience, and knows when to stop.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: connectTimeoutMs, socketTimeout: idleTimeoutMs },
  });
  const pacer = new Pacer({ bytesPerSecond, clock: systemClock });
  pace(client, pacer);
  const put = async ({ key, body, contentType }: CaptureObject, signal: AbortSignal): Promise<void> => {
    checkKey(key);
    validCredentials(credentials);
    const request = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType });
    const { ETag: tag } = await client.send(request, { abortSignal: signal }).catch((error: unknown) => {
      throw error instanceof DeliveryError ? error : deliveryErrorOf(error, bucket);
    });
    // Such as the sign-in page of a network.
    if (tag === undefined) throw new DeliveryError('unreachable', `Something answered in place of s3://${bucket}: the answer has no ETag. Check the network of the device, and S3Endpoint.`);
  };
  return { name: `s3://${bucket}`, urlOf: (key) => `s3://${bucket}/${key}`, put, setRate: (rate) => pacer.setRate(rate), close: () => client.destroy() };
}

function validCredentials(credentials: S3Options['credentials']): AwsCredentials {
  const valid = credentials();
  if (valid !== undefined) return valid;
  throw new DeliveryError('unreachable', 'There are no valid AWS credentials now. They come from the token exchange service of Greengrass (aws.greengrass.TokenExchangeService); its answers are in this log.');
}

/** The last step before the request goes out: it is signed, and its length is known. */
function pace(client: S3Client, pacer: Pacer): void {
  const never = new AbortController().signal;
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body?: unknown };
      if (pacer.isLimited && request.body instanceof Uint8Array) request.body = pacer.paced(request.body, never);
      return next(args);
    },
    { step: 'deserialize', priority: 'low', name: 'pacer' },
  );
}
