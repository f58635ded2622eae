import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { AwsCredentials } from '../../common/credentials.ts';
import { messageOf } from '../../common/errors.ts';
import type { CaptureObject } from './captured-objects.ts';
import { systemClock } from './clock.ts';
import { DeliveryError, type Destination } from './destination.ts';
import { Pacer } from './pacer.ts';

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

export type S3Destination = Destination & { close(): void };

const connectTimeoutMs = 10_000;

/** Objects in a bucket of S3, or of a server that speaks like it. */
export function openS3Destination(options: S3Options): S3Destination {
  const { bucket, region, endpoint, credentials, idleTimeoutMs, bytesPerSecond } = options;
  const client = new S3Client({
    region,
    // Servers other than AWS have no name for each bucket.
    ...(endpoint === '' ? {} : { endpoint, forcePathStyle: true }),
    credentials: async () => validCredentials(credentials),
    // Whoever sends has more patience, and knows when to stop.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: connectTimeoutMs, socketTimeout: idleTimeoutMs },
  });
  if (bytesPerSecond < Infinity) pace(client, bytesPerSecond);
  const put = async ({ key, body, contentType }: CaptureObject, signal: AbortSignal): Promise<void> => {
    validCredentials(credentials);
    try {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }), { abortSignal: signal });
    } catch (error) {
      throw error instanceof DeliveryError ? error : deliveryErrorOf(error, bucket);
    }
  };
  return { name: `s3://${bucket}`, urlOf: (key) => `s3://${bucket}/${key}`, put, close: () => client.destroy() };
}

function validCredentials(credentials: S3Options['credentials']): AwsCredentials {
  const valid = credentials();
  if (valid !== undefined) return valid;
  throw new DeliveryError('unreachable', 'There are no valid AWS credentials now. They come from the token exchange service of Greengrass (aws.greengrass.TokenExchangeService); its answers are in this log.');
}

/** The last step before the request goes out: it is signed, and its length is known. */
function pace(client: S3Client, bytesPerSecond: number): void {
  const pacer = new Pacer({ bytesPerSecond, clock: systemClock });
  const never = new AbortController().signal;
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body?: unknown };
      if (request.body instanceof Uint8Array) request.body = pacer.paced(request.body, never);
      return next(args);
    },
    { step: 'deserialize', priority: 'low', name: 'pacer' },
  );
}

const passing = new Set(['SlowDown', 'RequestTimeout', 'RequestTimeTooSkewed', 'InternalError', 'ServiceUnavailable', 'Throttling', 'ThrottlingException']);
const outdated = new Set(['ExpiredToken', 'InvalidToken', 'TokenRefreshRequired', 'ExpiredTokenException']);
const shownCharacters = 300;

/** Tells what passes by itself from what somebody has to change, and both from an object that S3 will never take. */
function deliveryErrorOf(error: unknown, bucket: string): DeliveryError {
  const status = error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0;
  const name = error instanceof Error ? error.name : 'error';
  const said = `${name}: ${messageOf(error)}`.slice(0, shownCharacters);
  const fail = (fault: DeliveryError['fault'], remedy: string): DeliveryError => new DeliveryError(fault, `s3://${bucket} does not take the object (${status === 0 ? said : `${status} ${said}`}). ${remedy}`, { cause: error });
  if (status === 0) return fail('unreachable', 'Is the device online?');
  if (outdated.has(name)) return fail('unreachable', 'New credentials are awaited.');
  if (status >= 500 || status === 408 || status === 429 || passing.has(name)) return fail('unreachable', 'It is tried again.');
  if (status === 403 || status === 401) return fail('refused', "Allow s3:PutObject on the bucket to the device's role.");
  if (status === 404) return fail('refused', 'Create the bucket, or correct BucketName.');
  if (status >= 300 && status < 400) return fail('refused', 'The bucket is in another region: AwsRegion has to name that one.');
  return fail('rejected', 'The object itself is the cause.');
}
