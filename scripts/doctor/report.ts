import { productVersion } from '../../components/common/version.ts';
import type { CheckStatus, Prerequisite } from './check.ts';
import type { DeviceView } from './device/device-view.ts';
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
  readonly subject: FoundSubject;
  readonly nucleus: { readonly kind: string; readonly root: string; readonly version?: string | undefined } | null;
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

export function reportOf(results: readonly SidedResult[], { subject, nucleus }: { subject: FoundSubject; nucleus: DeviceView['nucleus'] }): Report {
  return {
    version: 1,
    fescue: productVersion,
    subject,
    nucleus: nucleus === undefined ? null : { kind: nucleus.kind, root: nucleus.root, version: nucleus.configuration?.version },
    checks: results.map(({ side, check: { name, title, prerequisite }, verdict }) => ({ name, title, side, ...verdict, ...(prerequisite && { prerequisite }) })),
    summary: countsOf(results),
  };
}

export function countsOf(results: readonly CheckResult[]): Counts {
  const count = (status: CheckStatus): number => results.filter(({ verdict }) => verdict.status === status).length;
  return { ok: count('ok'), warning: count('warning'), fail: count('fail'), 'n.a.': count('n.a.') };
}
