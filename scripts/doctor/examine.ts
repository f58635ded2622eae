import type { PolicyVariant } from '../cloud/names.ts';
import type { Check, CheckFacts } from './check.ts';
import { cloudChecks, deviceChecks } from './all-checks.ts';
import { accessCheck, type CloudAccess, type Connect, openCloudAccess, roleBehind } from './cloud-access.ts';
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
  /** Whether AWS was asked in vain. */
  readonly isCloudClosed: boolean;
};

/** Finds out what is to be examined, and runs the checks that are chosen. */
export async function examine(examination: Examination): Promise<Examined> {
  const { device, flags, onStart, isChosen } = examination;
  const found = findSubject(flags, device, device.system.environment);
  const [ofDevice, ofCloud] = [chosen(deviceChecks, 'device', isChosen), chosen(cloudChecks, 'cloud', isChosen)];
  const wantsCloud = ofCloud.length > 0 || isChosen(accessCheck.name, 'cloud');
  if (wantsCloud) onStart(accessCheck);
  const access = wantsCloud ? await openCloudAccess(examination.connect, { region: found.region?.value, profile: examination.profile, wanted: found.account?.value }) : undefined;
  try {
    const named = access?.cloud === undefined ? found : await completed(found, access);
    const subject = subjectOf(named, device.agent);
    const deviceResults = await runChecks(ofDevice, { device, subject, identify: identifier(examination.connect) }, { onStart });
    const cloudResults = access?.cloud === undefined ? [] : await runChecks(ofCloud, { cloud: access.cloud, subject, variant: examination.variant }, { onStart });
    const accessResults = access === undefined ? [] : [{ check: accessCheck, verdict: access.verdict }];
    return { subject: named, results: [...sided('device', deviceResults), ...sided('cloud', [...accessResults, ...cloudResults])], isCloudClosed: access?.verdict.status === 'warning' };
  } finally {
    access?.cloud?.close();
  }
}

async function completed(found: FoundSubject, { cloud, caller }: Extract<CloudAccess, { caller: unknown }>): Promise<FoundSubject> {
  const place = { account: caller.account, region: cloud.region, roleOfAlias: undefined };
  const alias = completeSubject(found, place).roleAlias?.value;
  return completeSubject(found, { ...place, roleOfAlias: alias === undefined || found.role !== undefined ? undefined : await roleBehind(cloud, alias) });
}

function identifier(connect: Connect): DeviceContext['identify'] {
  return async (credentials, region) => {
    const cloud = await connect({ region, credentials });
    try {
      return await cloud.identity.caller();
    } finally {
      cloud.close();
    }
  };
}

function chosen<Context>(checks: readonly Check<Context>[], side: Side, isChosen: Examination['isChosen']): readonly Check<Context>[] {
  return checks.filter(({ name }) => isChosen(name, side));
}

function sided(side: Side, results: readonly CheckResult[]): SidedResult[] {
  return results.map((result) => ({ ...result, side }));
}
