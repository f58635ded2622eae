import type { CloudFault } from '../cloud-error.ts';
import { signIn } from '../explain.ts';

/** What an error means, as far as its code tells; what is missing is as usual with its fault. */
export type Finding = { readonly fault: CloudFault; readonly problem?: string; readonly remedy?: string };

const clock: Finding = { fault: 'bad-credentials', problem: 'the clock of this machine is wrong, by which the request looks too old or too new', remedy: 'Set it, as with timedatectl set-ntp true.' };
const changing: Finding = { fault: 'conflict', problem: 'it is being changed by somebody else at this moment', remedy: 'Try again.' };
const region: Finding = { fault: 'wrong-region' };
const disabled: Finding = { fault: 'wrong-region', problem: 'this region is not enabled for the account', remedy: 'Enable it in the settings of the account, or name another one with --region.' };

/** By the code of AWS without `Exception` at its end. */
const findings: Readonly<Record<string, Finding>> = {
  CredentialsProviderError: { fault: 'no-credentials' },
  TokenProviderError: { fault: 'no-credentials' },

  ExpiredToken: { fault: 'expired-credentials' },
  TokenRefreshRequired: { fault: 'expired-credentials' },

  UnrecognizedClient: { fault: 'bad-credentials', remedy: `${signIn} They have to be of this partition of AWS, and the region be enabled for the account.` },
  InvalidClientTokenId: { fault: 'bad-credentials', remedy: `${signIn} They have to be of this partition of AWS, and the region be enabled for the account.` },
  InvalidAccessKeyId: { fault: 'bad-credentials' },
  InvalidToken: { fault: 'bad-credentials' },
  InvalidSecurity: { fault: 'bad-credentials' },
  MissingAuthenticationToken: { fault: 'bad-credentials' },
  SignatureDoesNotMatch: { fault: 'bad-credentials', problem: 'the secret of the AWS credentials is not the right one' },
  InvalidSignature: { fault: 'bad-credentials', problem: 'the secret of the AWS credentials is not the right one' },
  IncompleteSignature: { fault: 'bad-credentials', problem: 'the AWS credentials are not whole' },
  RequestTimeTooSkewed: clock,
  RequestInTheFuture: clock,
  RequestExpired: clock,

  AccessDenied: { fault: 'access-denied' },
  Forbidden: { fault: 'access-denied' },
  Unauthorized: { fault: 'access-denied' },
  NotAuthorized: { fault: 'access-denied' },
  UnauthorizedOperation: { fault: 'access-denied' },
  AllAccessDisabled: { fault: 'access-denied' },

  Throttling: { fault: 'throttled' },
  Throttled: { fault: 'throttled' },
  TooManyRequests: { fault: 'throttled' },
  RequestLimitExceeded: { fault: 'throttled' },
  RequestThrottled: { fault: 'throttled' },
  SlowDown: { fault: 'throttled' },

  NoSuchEntity: { fault: 'not-found' },
  ResourceNotFound: { fault: 'not-found' },
  NoSuchBucket: { fault: 'not-found' },
  NoSuchTagSet: { fault: 'not-found' },
  NoSuchBucketPolicy: { fault: 'not-found' },
  NoSuchPublicAccessBlockConfiguration: { fault: 'not-found' },
  ServerSideEncryptionConfigurationNotFoundError: { fault: 'not-found' },

  EntityAlreadyExists: { fault: 'already-exists' },
  ResourceAlreadyExists: { fault: 'already-exists' },
  BucketAlreadyExists: { fault: 'already-exists', problem: 'a bucket of another account has this name, which is unique in all of AWS', remedy: 'Choose another name.' },
  BucketAlreadyOwnedByYou: { fault: 'already-exists', problem: 'it exists already in this account' },

  DeleteConflict: { fault: 'conflict', problem: 'something else depends on it', remedy: 'Remove that first.' },
  BucketNotEmpty: { fault: 'conflict', problem: 'it is not empty', remedy: 'Empty it first, its older versions as well, as with the button Empty in the console of S3.' },
  Conflict: { fault: 'conflict' },
  VersionConflict: changing,
  ConcurrentModification: changing,
  OperationAborted: changing,
  ConflictingResourceUpdate: changing,

  LimitExceeded: { fault: 'limit-exceeded' },
  ServiceQuotaExceeded: { fault: 'limit-exceeded' },
  TooManyBuckets: { fault: 'limit-exceeded' },
  RequestEntityTooLarge: { fault: 'limit-exceeded', problem: 'it is too large', remedy: 'Make it smaller.' },
  PayloadTooLarge: { fault: 'limit-exceeded', problem: 'it is too large', remedy: 'Make it smaller.' },

  PermanentRedirect: region,
  AuthorizationHeaderMalformed: region,
  IllegalLocationConstraint: region,
  InvalidLocationConstraint: region,
  OptInRequired: disabled,
  RegionDisabled: disabled,

  WebPage: { fault: 'unreachable', problem: 'a web page answers in place of AWS', remedy: 'Check proxies, whether the network wants a sign-in, and AWS_ENDPOINT_URL if it is set.' },

  MalformedPolicyDocument: { fault: 'refused', problem: 'IAM does not take the policy document' },
  IndexNotReady: { fault: 'refused', problem: 'fleet indexing is off, or still being built', remedy: 'Turn it on in the settings of AWS IoT, or wait a few minutes.' },
};

/** What the code alone tells; undefined for one that is not known here. */
export function findingOf(code: string): Finding | undefined {
  return Object.hasOwn(findings, code) ? findings[code] : undefined;
}
