import type { HeartbeatProvider } from '../../components/agent/heartbeat/heartbeat-settings.ts';
import type { FleetNames, PolicyVariant } from '../cloud/names.ts';
import type { Cloud } from '../cloud/cloud.ts';

/** `n.a.`: it does not apply here, or waits for another check that did not succeed; `found` says which. */
export type CheckStatus = 'ok' | 'warning' | 'fail' | 'n.a.';

export type Verdict = {
  readonly status: CheckStatus;
  /** What there is, in the words of somebody who looks at it. Never a secret. */
  readonly found: string;
  /** A command, or a step in a console, that makes it right; with every status but `ok`. */
  readonly remedy?: string;
  /** For `reconsider`; it is not shown. */
  readonly evidence?: Evidence;
};

/** What a device saw and cannot judge alone, as plain data: the device may be another machine. */
export type Evidence = {
  /** The role whose credentials it gets. */
  readonly role?: string;
  /** That the clock was not compared with AWS's, and whether it is synchronised. */
  readonly uncomparedClock?: 'synchronised' | 'not synchronised' | 'unknown';
};

/** What is known once the device has answered and AWS was asked. */
export type Known = {
  readonly subject: Subject;
  /** How far the device's clock is ahead of this machine's, in milliseconds; undefined where it is the same. */
  readonly clockAheadMs?: number | undefined;
};

/** The place in the prerequisites of Edge Manager on Greengrass that asks for it. */
export type Prerequisite = {
  /** `1` to `6`, or `note`. */
  readonly step: string;
  /** Of the document, from 1. */
  readonly line: number;
  /** In our words. */
  readonly says: string;
};

/** One question about a device or its account. */
export type Check<Context> = {
  /** Stable: it is in the JSON output. @example 'role-alias' */
  readonly name: string;
  readonly title: string;
  /** Without one, Fescue itself asks for it. */
  readonly prerequisite?: Prerequisite;
  /** What does not work then, or what may be wrong; for the page that explains the checks. */
  readonly meaning?: string;
  /** Names of checks without whose success (ok or warning) this one says nothing of its own; when they do not apply, it still runs. */
  readonly after?: readonly string[];
  /** @throws CloudError what becomes a warning that it could not be checked, and what permission it takes */
  readonly run: (context: Context) => Promise<Verdict>;
  /** The verdict in the light of what is known by now, by its evidence. */
  readonly reconsider?: (verdict: Verdict, known: Known) => Verdict;
};

/** What there is to know of a check without running it. */
export type CheckFacts = Omit<Check<never>, 'run' | 'reconsider'>;

/** What is examined: names that flags, the device or the agent's configuration gave, and else those that setup chooses. */
export type Subject = Partial<FleetNames> & {
  readonly thing?: string;
  readonly fleet?: string;
  readonly region?: string;
  /** Below which captures come into the bucket (FolderPrefix), where it is another than the agent's default. */
  readonly prefix?: string;
  /** The account it has to be, where somebody said so. */
  readonly account?: string;
} & AgentFacts;

/** What the agent's configuration says besides names of what is examined, where there is an agent. */
export type AgentFacts = {
  /** Whether it takes a bucket without sagemaker in its name, by its BucketNameRule. */
  readonly anyBucketName?: boolean;
  /** Whom it reports to. */
  readonly provider?: HeartbeatProvider;
  /** DeviceName, by which its heartbeats are called. */
  readonly device?: string;
};

/** What checks of the cloud work with. */
export type CloudContext = {
  readonly cloud: Cloud;
  readonly subject: Subject;
  /** By what the role is judged; undefined leaves it to the role's own tag, and without one to the document. */
  readonly variant: PolicyVariant | undefined;
};
