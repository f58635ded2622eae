import { CloudError } from '../cloud/cloud-error.ts';
import type { PolicyVariant } from '../cloud/names.ts';
import { cloudChecks } from './all-checks.ts';
import type { CheckFacts, CloudContext } from './check.ts';
import { type CloudAccess, type Connect, openCloudAccess } from './cloud-access.ts';
import { accountCheck } from './cloud-checks/account.ts';
import { roleInQuestion } from './cloud-checks/subject.ts';
import type { DeviceFacts } from './device-facts.ts';
import { reconsider } from './reconsider.ts';
import type { Side, SidedResult } from './report.ts';
import { type CheckResult, runChecks } from './run-checks.ts';
import { completeSubject, type FoundSubject, subjectOf } from './subject.ts';

export type Examination = {
  /** What the device has answered. */
  readonly facts: DeviceFacts;
  /** Names of the checks of the account to run. */
  readonly checks: readonly string[];
  readonly variant: PolicyVariant | undefined;
  readonly profile: string | undefined;
  readonly connect: Connect;
  readonly onStart: (check: CheckFacts) => void;
};

export type Examined = {
  readonly subject: FoundSubject;
  readonly results: readonly SidedResult[];
  /** Whether AWS was to be asked, and could not. */
  readonly isCloudClosed: boolean;
};

/** Goes on from a device to its account, and brings the results of both together. */
export async function examine(examination: Examination): Promise<Examined> {
  const { facts, onStart } = examination;
  const ofCloud = cloudChecks.filter(({ name }) => examination.checks.includes(name));
  const access = ofCloud.length === 0 ? undefined : await openAccess(examination);
  try {
    const context = access?.cloud === undefined ? undefined : { cloud: access.cloud, subject: subjectOf(facts.subject, facts.agent), variant: examination.variant };
    const subject = context === undefined ? facts.subject : await completed(facts.subject, context);
    const ofDevice = reconsider(facts.results, { subject: subjectOf(subject, facts.agent), clockAheadMs: facts.clockAheadMs });
    const results = context === undefined ? closed(access) : await runChecks(ofCloud, context, { onStart });
    return { subject, results: [...sided('device', ofDevice), ...sided('cloud', results)], isCloudClosed: access !== undefined && access.cloud === undefined };
  } finally {
    access?.cloud?.close();
  }
}

async function openAccess({ facts, connect, profile, onStart }: Examination): Promise<CloudAccess> {
  onStart(accountCheck);
  return openCloudAccess(connect, { region: facts.subject.region?.value, profile });
}

/** One line stands for all that AWS would have to be asked for. */
function closed(access: CloudAccess | undefined): CheckResult[] {
  return access === undefined || access.cloud !== undefined ? [] : [{ check: accountCheck, verdict: access.verdict }];
}

async function completed(found: FoundSubject, context: CloudContext): Promise<FoundSubject> {
  const { account } = await context.cloud.identity.caller();
  return completeSubject(found, { account, region: context.cloud.region, role: await roleOf(context) });
}

async function roleOf(context: CloudContext): Promise<string | undefined> {
  try {
    return (await roleInQuestion(context))?.name;
  } catch (error) {
    // The checks of the role say why.
    if (error instanceof CloudError) return undefined;
    throw error;
  }
}

function sided(side: Side, results: readonly CheckResult[]): SidedResult[] {
  return results.map((result) => ({ ...result, side }));
}
