import type { ProblemReason, SourceKind } from './device.ts';
import type { MeasureName } from './measures.ts';

/** Devices of the fleet by how they stand; all but `clockAhead` and `cloudConnected` add up to `registered`. */
export type DeviceCounts = {
  readonly registered: number;
  /** Have told something that can be read: connected, silent or stopped. */
  readonly reported: number;
  readonly connected: number;
  readonly silent: number;
  readonly stopped: number;
  readonly neverReported: number;
  readonly unreadable: number;
  /** With a clock that is ahead; counted from when their reports arrived. */
  readonly clockAhead: number;
  /** To which IoT Core has a connection; null where that is not indexed. */
  readonly cloudConnected: number | null;
};

/** Devices that have a model version loaded, as GetDeviceFleetReport counted them; the rest are sums over them all. */
export type ModelCounts = {
  /** `offline` and `connected` together. */
  readonly devices: number;
  readonly offline: number;
  readonly connected: number;
  /** Connected ones that have run the model lately. */
  readonly active: number;
  /** Connected ones that have captured with it lately. */
  readonly sampling: number;
  readonly predictions: number;
  readonly errors: number;
  readonly restarts: number;
};

export type ModelStat = ModelCounts & { readonly name: string; readonly version: string | null };
export type AgentVersion = { readonly version: string; readonly devices: number; readonly connected: number };

/** Of one number of each connected device, or of each model on it; null where none told it. */
export type Figures = {
  readonly count: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly p5: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  /** `counts` has one more: below the first edge, …, not below the last. */
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[] };
};

export type TopEntry = { readonly device: string; readonly value: number };

/** The devices that lead, most first. */
export type TopLists = {
  /** Seconds since the latest report of silent devices. */
  readonly longestSilent: readonly TopEntry[];
  readonly mostCrashes: readonly TopEntry[];
  /** Bytes. */
  readonly fullestSpool: readonly TopEntry[];
  /** Degrees Celsius, of connected devices. */
  readonly hottest: readonly TopEntry[];
  /** Bytes free, of connected devices; the least first. */
  readonly lowestDisk: readonly TopEntry[];
};

export type ProblemCount = { readonly reason: ProblemReason; readonly count: number; readonly examples: readonly { readonly device: string; readonly detail: string }[] };

/** What was found in one pass over the devices. */
export type FleetFindings = {
  readonly devices: DeviceCounts;
  readonly crashes: { readonly total: number; readonly devices: number };
  /** By most devices first, the others together. */
  readonly agentVersions: readonly AgentVersion[];
  readonly otherAgentVersions: { readonly devices: number; readonly connected: number };
  readonly models: readonly ModelStat[];
  readonly otherModels: ModelCounts;
  readonly figures: Readonly<Record<MeasureName, Figures>>;
  readonly top: TopLists;
  readonly problems: readonly ProblemCount[];
};

/** The document of `fescue fleet report --json`; docs/fleet.md describes it. */
export type FleetReport = FleetFindings & {
  readonly format: 1;
  readonly fescue: string;
  readonly fleet: string | null;
  readonly source: { readonly kind: SourceKind; readonly name: string };
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly activeWithinSeconds: number;
  /** Null: each device by its own period. */
  readonly silentAfterSeconds: number | null;
  readonly notes: readonly string[];
};
