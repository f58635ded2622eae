import { S3ServiceException } from '@aws-sdk/client-s3';
import { messageOf } from '../../common/errors.ts';
import { DeliveryError, type DeliveryFault } from './destination.ts';

type Finding = readonly [fault: DeliveryFault, remedy: string];

const again: Finding = ['unreachable', 'It is tried again.'];
const credentials: Finding = ['unreachable', 'New credentials are awaited.'];
const region: Finding = ['refused', 'The bucket is in another region: AwsRegion has to name that one.'];
const object: Finding = ['rejected', 'The object itself is the cause.'];

const byCode: Readonly<Record<string, Finding>> = {
  SlowDown: again,
  RequestTimeout: again,
  InternalError: again,
  ServiceUnavailable: again,
  Throttling: again,
  ThrottlingException: again,
  OperationAborted: again,
  // The body was damaged on its way.
  BadDigest: again,
  IncompleteBody: again,
  XAmzContentSHA256Mismatch: again,
  XAmzContentChecksumMismatch: again,
  RequestTimeTooSkewed: ['unreachable', 'Set the clock of the device.'],
  ExpiredToken: credentials,
  ExpiredTokenException: credentials,
  InvalidToken: credentials,
  TokenRefreshRequired: credentials,
  // A bucket that is new is somewhere else for a while.
  TemporaryRedirect: again,
  AuthorizationHeaderMalformed: region,
  IllegalLocationConstraintException: region,
  EntityTooLarge: object,
  InvalidArgument: object,
  InvalidObjectName: object,
  InvalidURI: object,
  KeyTooLongError: object,
  XMinioInvalidObjectName: object,
};

const shownCharacters = 300;

/** Tells what passes by itself from what somebody has to change, and both from an object that S3 will never take. */
export function deliveryErrorOf(error: unknown, bucket: string): DeliveryError {
  const status = statusOf(error);
  const code = error instanceof Error ? error.name : 'error';
  const isFromS3 = status === 0 || error instanceof S3ServiceException;
  const said = isFromS3 ? `${code}: ${messageOf(error)}`.slice(0, shownCharacters) : 'with a page in place of an answer of S3';
  const [fault, remedy] = findingOf(status, code);
  return new DeliveryError(fault, `s3://${bucket} does not take the object (${status === 0 ? said : `${status} ${said}`}). ${remedy}`, { cause: error });
}

/** Of the answer, whoever gave it; 0 without any. The client has no class for an error whose body is no XML, such as that of a proxy. */
function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return 0;
  const { httpStatusCode: status } = error.$metadata as { httpStatusCode?: number };
  return status ?? 0;
}

function findingOf(status: number, code: string): Finding {
  if (status === 0) return ['unreachable', 'Is the device online?'];
  const known = Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  if (known !== undefined) return known;
  if (status >= 500 || status === 408 || status === 429) return again;
  if (status === 403 || status === 401) return ['refused', "Allow s3:PutObject on the bucket to the device's role."];
  if (status === 404) return ['refused', 'Create the bucket, or correct BucketName.'];
  if (status >= 300 && status < 400) return region;
  if (status === 413 || status === 414) return object;
  // Whatever else it is, it may be the same with every object: none is given up for it.
  return ['refused', 'Check the bucket, its policy and S3Endpoint.'];
}
