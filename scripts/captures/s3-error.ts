import { FescueError, type ErrorKind } from '../../components/common/errors.ts';
import { isDistrust, sdkFacts, word } from '../cloud/aws/sdk-error.ts';
import { signIn } from '../cloud/explain.ts';

/** What was asked for, as messages call it, and the server if it is not that of AWS. */
export type S3Subject = { readonly name: string; readonly endpoint: string | undefined };

type Explanation = { readonly kind: ErrorKind; readonly problem: string; readonly remedy: string };

const explanations: Readonly<Record<string, Explanation>> = {
  NoSuchBucket: { kind: 'not-found', problem: 'there is no such bucket', remedy: 'Check its name, and the account and region it is in.' },
  NoSuchKey: { kind: 'not-found', problem: 'there is no such object', remedy: 'It may have been removed meanwhile.' },
  AccessDenied: { kind: 'unavailable', problem: 'access is denied', remedy: 'The credentials need s3:ListBucket for the bucket and s3:GetObject for what is in it, and kms:Decrypt when it is encrypted with a key of yours.' },
  ExpiredToken: { kind: 'unavailable', problem: 'the AWS credentials have expired', remedy: signIn },
  InvalidAccessKeyId: { kind: 'unavailable', problem: 'the AWS credentials are not known there', remedy: signIn },
  SignatureDoesNotMatch: { kind: 'unavailable', problem: 'the secret of the AWS credentials is not the right one', remedy: signIn },
  CredentialsProviderError: { kind: 'unavailable', problem: 'no AWS credentials were found', remedy: signIn },
  RequestTimeTooSkewed: { kind: 'unavailable', problem: 'the clock of this machine is wrong', remedy: 'Set it.' },
  PermanentRedirect: { kind: 'unavailable', problem: 'the bucket is in another region', remedy: 'Name it with --region.' },
  NoRegion: { kind: 'unavailable', problem: 'the AWS region is not known', remedy: 'Name it with --region, or set AWS_REGION.' },
  InvalidObjectState: { kind: 'failed-precondition', problem: 'it is archived', remedy: 'Restore it to a storage class that can be read at once.' },
};

const sameAs: Readonly<Record<string, string>> = {
  NotFound: 'NoSuchKey',
  Forbidden: 'AccessDenied',
  TokenRefreshRequired: 'ExpiredToken',
  InvalidToken: 'InvalidAccessKeyId',
  TokenProviderError: 'CredentialsProviderError',
  AuthorizationHeaderMalformed: 'PermanentRedirect',
};

/** What anything thrown by the S3 client means for the person who asked. The original stays as the cause. */
export function s3Error(error: unknown, { name, endpoint }: S3Subject): FescueError {
  if (error instanceof FescueError) return error;
  const { kind, problem, remedy } = explain(error, endpoint ?? 'S3');
  return new FescueError(kind, `${name} cannot be read: ${problem}. ${remedy}`, { cause: error });
}

/** From names and codes only: messages of servers and credential providers may hold anything. */
function explain(error: unknown, server: string): Explanation {
  const { code, systemCode, status, message } = sdkFacts(error);
  const known = explanations[sameAs[code] ?? code];
  if (known !== undefined) return code === 'CredentialsProviderError' && /expired/i.test(message) ? { ...known, problem: 'the AWS credentials have expired' } : known;
  if (message.startsWith('Region is missing')) return explanations['NoRegion'] ?? unknown(code);
  if (code === 'AbortError') return { kind: 'cancelled', problem: 'it was interrupted', remedy: 'Start it again.' };
  if (isDistrust(systemCode)) return { kind: 'unavailable', problem: `the certificate of ${server} is not trusted (${systemCode})`, remedy: 'Set NODE_EXTRA_CA_CERTS to the file of its authority.' };
  if (status === 0 && (systemCode !== '' || code === 'TimeoutError' || message === 'aborted')) {
    return { kind: 'unavailable', problem: `${server} does not answer (${systemCode || code})`, remedy: 'Check the network, and the address if --endpoint names one.' };
  }
  if (status >= 500 || status === 429) return { kind: 'unavailable', problem: `${server} is busy or out of order (${status} ${word(code)})`, remedy: 'Try again later.' };
  if (status === 401 || status === 403) return explanations['AccessDenied'] ?? unknown(code);
  return unknown(code);
}

function unknown(code: string): Explanation {
  return { kind: 'unavailable', problem: `it answers ${word(code)}`, remedy: 'Check the location, and whether the server speaks as S3 does.' };
}
