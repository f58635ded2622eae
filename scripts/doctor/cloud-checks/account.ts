import { CloudError } from '../../cloud/cloud-error.ts';
import { signIn } from '../../cloud/explain.ts';
import type { Check, CloudContext, Verdict } from '../check.ts';
import { fail, ok } from '../verdict.ts';

export const accountCheck: Check<CloudContext> = {
  name: 'aws-credentials',
  title: 'AWS knows who asks, and it is the right account',
  meaning: 'Nothing in the cloud can be checked, or it is looked for where it is not.',
  run: async ({ cloud, subject }) => {
    try {
      const { account, arn } = await cloud.identity.caller();
      if (subject.account !== undefined && subject.account !== account) return fail(`${arn} is in account ${account}; expected ${subject.account}`, `Use credentials of account ${subject.account}, as with AWS_PROFILE, or leave --account away.`);
      return ok(`${arn}, region ${cloud.region}`);
    } catch (error) {
      return withoutCaller(error);
    }
  },
};

/** Without the caller no other check says anything, so they wait, unless asking again may help. */
function withoutCaller(error: unknown): Verdict {
  if (!(error instanceof CloudError) || error.fault === 'throttled') throw error;
  const [, problem = error.message, remedy = signIn] = /^(.+?)\.\s+([A-Z].*)$/s.exec(error.message) ?? [];
  return fail(problem, remedy);
}
