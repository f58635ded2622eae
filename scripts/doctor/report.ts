import { productVersion } from '../../components/common/version.ts';
import type { CheckStatus, Prerequisite } from './check.ts';
import type { DeviceFacts } from './device-facts.ts';
import type { CheckResult } from './run-checks.ts';
import type { FoundSubject } from './subject.ts';

export type Side = 'device' | 'cloud';
export type SidedResult = CheckResult & { readonly side: Side };
export type Counts = Readonly<Record<CheckStatus, number>>;

/** What `--json` prints; a change that breaks its readers raises `version`. */
export type Report = {
  readonly version: 1;
  /** Of Fescue. */
  readonly fescue: string;
  /** As `--host` names it; absent when it is this machine. */
  readonly host?: string;
  readonly subject: FoundSubject;
  /** Null without one, absent when the device could not be asked. */
  readonly nucleus?: DeviceFacts['nucleus'];
  readonly checks: readonly {
    readonly name: string;
    readonly title: string;
    readonly side: Side;
    readonly status: CheckStatus;
    readonly found: string;
    readonly remedy?: string;
    readonly prerequisite?: Prerequisite;
  }[];
  readonly summary: Counts;
};

/** What the results are about. */
export type About = { readonly host?: string | undefined; readonly subject: FoundSubject; readonly nucleus: DeviceFacts['nucleus'] };

export function reportOf(results: readonly SidedResult[], { host, subject, nucleus }: About): Report {
  return {
    version: 1,
    fescue: productVersion,
    ...(host !== undefined && { host }),
    subject,
    ...(nucleus !== undefined && { nucleus }),
    checks: results.map(({ side, check: { name, title, prerequisite }, verdict: { status, found, remedy } }) => ({ name, title, side, status, found, ...(remedy !== undefined && { remedy }), ...(prerequisite && { prerequisite }) })),
    summary: countsOf(results),
  };
}

export function countsOf(results: readonly CheckResult[]): Counts {
  const count = (status: CheckStatus): number => results.filter(({ verdict }) => verdict.status === status).length;
  return { ok: count('ok'), warning: count('warning'), fail: count('fail'), 'n.a.': count('n.a.') };
}
