import { FescueError, messageOf } from '../../components/common/errors.ts';
import { within } from '../../components/common/within.ts';
import { CloudError } from '../cloud/cloud-error.ts';
import type { Check, CheckFacts, Verdict } from './check.ts';
import { splitMessage } from './split-message.ts';
import { notApplicable, warning } from './verdict.ts';

/** What became of a check. */
export type CheckResult = { readonly check: CheckFacts; readonly verdict: Verdict };

export type RunOptions = {
  /** Longest time of one check, in milliseconds. */
  readonly timeoutMs?: number;
  readonly onStart?: (check: CheckFacts) => void;
};

const patienceMs = 30_000;

/** Runs checks one after the other. None keeps the others from running, but by `after`. */
export async function runChecks<Context>(checks: readonly Check<Context>[], context: Context, { timeoutMs = patienceMs, onStart }: RunOptions = {}): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const withoutSuccess = new Set<string>();
  for (const check of checks) {
    const awaited = check.after?.find((name) => withoutSuccess.has(name));
    if (awaited === undefined) onStart?.(check);
    const verdict = awaited === undefined ? await verdictOf(check, context, timeoutMs) : notApplicable(`waits for ${awaited}`);
    if (verdict.status === 'fail' || awaited !== undefined) withoutSuccess.add(check.name);
    results.push({ check, verdict });
  }
  return results;
}

async function verdictOf<Context>(check: Check<Context>, context: Context, timeoutMs: number): Promise<Verdict> {
  try {
    return await within(timeoutMs, check.run(context), () => new FescueError('deadline-exceeded', `It took more than ${timeoutMs / 1000} s. Try again; what it asks may be busy.`));
  } catch (error) {
    return couldNotCheck(error);
  }
}

/** What to say of a check that ended with an error. */
function couldNotCheck(error: unknown): Verdict {
  if (!(error instanceof FescueError)) return warning(`could not check: ${messageOf(error)}`, 'This is a fault of Fescue: report it, with the output of this command.');
  const { problem, remedy = 'Remove the cause, and run fescue doctor again.' } = splitMessage(error.message);
  const isDenied = error instanceof CloudError && error.fault === 'access-denied';
  return warning(`could not check: ${isDenied ? `needs ${error.action}` : problem}`, remedy);
}
