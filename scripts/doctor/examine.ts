import { CloudError } from '../cloud/cloud-error.ts';
import type { PolicyVariant } from '../cloud/names.ts';
import { cloudChecks, deviceChecks } from './all-checks.ts';
import type { Check, CheckFacts, CloudContext } from './check.ts';
import { callerWith, type CloudAccess, type Connect, openCloudAccess } from './cloud-access.ts';
import { accountCheck } from './cloud-checks/account.ts';
import { roleInQuestion } from './cloud-checks/subject.ts';
import type { DeviceContext, DeviceView } from './device/device-view.ts';
import type { Side, SidedResult } from './report.ts';
import { type CheckResult, runChecks } from './run-checks.ts';
import { completeSubject, findSubject, type FoundSubject, subjectOf, type SubjectFlags } from './subject.ts';

export type Examination = {
  readonly device: DeviceView;
  readonly flags: SubjectFlags;
  readonly variant: PolicyVariant | undefined;
  readonly profile: string | undefined;
  readonly connect: Connect;
  /** Which checks to run. */
  readonly isChosen: (name: string, side: Side) => boolean;
  readonly onStart: (check: CheckFacts) => void;
};

export type Examined = {
  readonly subject: FoundSubject;
  readonly results: readonly SidedResult[];
  /** Whether AWS was to be asked, and could not. */
  readonly isCloudClosed: boolean;
};

/** Finds out what is to be examined, and runs the checks that are chosen. */
export async function examine(examination: Examination): Promise<Examined> {
  const { device, flags, onStart } = examination;
  const found = findSubject(flags, device, device.system.environment);
  const ofCloud = chosen(cloudChecks, 'cloud', examination);
  const access = ofCloud.length === 0 ? undefined : await openAccess(found, examination);
  try {
    const context = access?.cloud === undefined ? undefined : { cloud: access.cloud, subject: subjectOf(found, device.agent), variant: examination.variant };
    const subject = context === undefined ? found : await completed(found, context);
    const identify: DeviceContext['identify'] = async (credentials, region) => callerWith(examination.connect, { credentials, region });
    const ofDevice = await runChecks(chosen(deviceChecks, 'device', examination), { device, subject: subjectOf(subject, device.agent), identify }, { onStart });
    const results = context === undefined ? closed(access) : await runChecks(ofCloud, context, { onStart });
    return { subject, results: [...sided('device', ofDevice), ...sided('cloud', results)], isCloudClosed: access !== undefined && access.cloud === undefined };
  } finally {
    access?.cloud?.close();
  }
}

async function openAccess(found: FoundSubject, { connect, profile, onStart }: Examination): Promise<CloudAccess> {
  onStart(accountCheck);
  return openCloudAccess(connect, { region: found.region?.value, profile });
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

function chosen<Context>(checks: readonly Check<Context>[], side: Side, { isChosen }: Examination): readonly Check<Context>[] {
  return checks.filter(({ name }) => isChosen(name, side));
}

function sided(side: Side, results: readonly CheckResult[]): SidedResult[] {
  return results.map((result) => ({ ...result, side }));
}
