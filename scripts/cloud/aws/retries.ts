import type { STSClientConfig } from '@aws-sdk/client-sts';

type RetryStrategy = Extract<NonNullable<STSClientConfig['retryStrategy']>, { acquireInitialRetryToken: unknown }>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;

/** Of what was lost on its way, or failed in AWS; a network that is gone is to be told soon. */
const mostAfterFailure = 3;
const longestPauseMs = 8_000;

/**
 * Tries again what AWS throttles, what was lost on its way and what failed in AWS. The SDK's own strategies would also wait
 * for a quota to grow, whose errors are called as those of throttling are.
 *
 * @param options.attempts the first one included
 * @param options.pauseMs longest pause before the second attempt; it doubles with each
 */
export function makeRetryStrategy({ attempts, pauseMs }: { attempts: number; pauseMs: number }): RetryStrategy {
  return {
    acquireInitialRetryToken: async () => Promise.resolve(tokenOf(0, 0)),
    async refreshRetryTokenForRetry(token, { errorType, error, retryAfterHint }) {
      const made = token.getRetryCount() + 1;
      const most = errorType === 'THROTTLING' ? attempts : Math.min(attempts, mostAfterFailure);
      if (errorType === 'CLIENT_ERROR' || error?.name === 'LimitExceededException' || made >= most) throw new Error('not tried again');
      const asked = retryAfterHint === undefined ? 0 : retryAfterHint.getTime() - Date.now();
      return Promise.resolve(tokenOf(made, Math.min(longestPauseMs, Math.max(asked, Math.random() * pauseMs * 2 ** (made - 1)))));
    },
    recordSuccess: () => undefined,
  };
}

function tokenOf(count: number, pauseMs: number): RetryToken {
  return { getRetryCount: () => count, getRetryDelay: () => pauseMs };
}
