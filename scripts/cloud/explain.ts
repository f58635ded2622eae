import { CloudError, type CloudFault } from './cloud-error.ts';

/** One call of AWS, as messages name it. */
export type CloudCall = {
  /** In IAM's words: what a policy has to allow. @example 'iam:GetRole' */
  readonly action: string;
  /** What it is about. @example 'role SageMakerFescue-lobby' */
  readonly subject: string;
};

/** What is known beyond the kind of fault; `quote` are AWS's own words. */
export type Detail = { readonly problem?: string | undefined; readonly remedy?: string | undefined; readonly quote?: string | undefined; readonly cause?: unknown };

type Explanation = { readonly problem: string; readonly remedy: string };

/** How credentials are renewed. */
export const signIn = 'Sign in again, as with aws sso login, or set AWS_PROFILE or AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.';

const explanations: Readonly<Record<CloudFault, Explanation>> = {
  'no-credentials': { problem: 'no AWS credentials were found', remedy: signIn },
  'expired-credentials': { problem: 'the AWS credentials have expired', remedy: signIn },
  'bad-credentials': { problem: 'AWS does not know these credentials', remedy: signIn },
  'access-denied': { problem: 'access is denied', remedy: 'Allow {action} to this identity, or use another one.' },
  throttled: { problem: 'AWS answers that there are too many requests, also after several attempts', remedy: 'Try again in a few minutes.' },
  'not-found': { problem: 'it is not there', remedy: 'Check the name, the account and the region.' },
  'already-exists': { problem: 'it exists already', remedy: 'Choose another name, or use the one that is there.' },
  conflict: { problem: 'it is in use, or being changed by somebody else', remedy: 'Look at what depends on it, and try again.' },
  'limit-exceeded': { problem: 'it is larger, or there are more, than AWS allows', remedy: 'Remove what is not needed, or ask for a higher quota in the console of Service Quotas.' },
  'wrong-region': { problem: 'it is in another region', remedy: 'Name that one with --region.' },
  unreachable: { problem: 'AWS does not answer', remedy: 'Check the network, the proxy and the region.' },
  refused: { problem: 'AWS refuses it', remedy: 'Check names and settings.' },
};

/** The error of a call, with a message that says what was asked, what is the matter and what to do. */
export function cloudError(fault: CloudFault, { action, subject }: CloudCall, { problem, remedy, quote, cause }: Detail = {}): CloudError {
  const usual = explanations[fault];
  const message = `${action} of ${subject}: ${problem ?? usual.problem}${quote === undefined ? '' : ` (AWS says: ${quote.replace(/\.$/, '')})`}. ${(remedy ?? usual.remedy).replace('{action}', action)}`;
  return new CloudError(fault, action, message, { cause });
}
