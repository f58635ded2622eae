import type { DeviceReport } from '../../components/common/device-report.ts';

/** Why what a device reported cannot be used. */
export const problemReasons = {
  'not-json': 'is no JSON',
  'too-large': 'too large, or too deep',
  'other-format': 'in another format',
  invalid: 'not as a report is',
  denied: 'its shadow may not be read',
} as const;

export type ProblemReason = keyof typeof problemReasons;

/** @property detail for people; it may quote what the device wrote, cut to a bearable length */
export type ReportProblem = { readonly reason: ProblemReason; readonly detail: string };

/** A device of a fleet, and the latest that it told of itself. */
export type FleetDevice = {
  /** Its thing's. */
  readonly name: string;
  /** Undefined when it never reported, or with a problem. */
  readonly report: DeviceReport | undefined;
  readonly problem?: ReportProblem | undefined;
  /** When the report came, in seconds since 1970 by the clock of whoever keeps the shadow, where the shadow says so. */
  readonly receivedAt?: number | undefined;
  /** Whether IoT Core has a connection to it, where fleet indexing tells. */
  readonly isConnected?: boolean | undefined;
};

/** How a fleet's devices are come by. */
export type SourceKind = 'index' | 'reads' | 'local';

/** Where devices come from: one at a time and in no order, never all of them at once. */
export type FleetSource = {
  readonly kind: SourceKind;
  /** For people. @example 'eu-central-1, by fleet indexing' */
  readonly name: string;
  /** Whatever was read ahead is given up when the reader stops early. @throws CloudError when the source as a whole fails */
  devices(): AsyncIterable<FleetDevice>;
};
