import type { SkipReason } from './skip.ts';
import type { Difference } from './compare.ts';
import type { ClassScores } from './top-one.ts';

/** A capture, by its id and where it lies. Null where an object cannot be read at all, or a line has no id. */
export type Where = { readonly id: string | null; readonly key: string; readonly line: number | null };

/** A capture whose best class is another one now. */
export type Change = Where & {
  readonly made: 'tensor' | 'image';
  readonly from: ClassScores;
  /** Null when no score is a number now. */
  readonly to: ClassScores | null;
  /** What the score of the captured best class has changed by; null when it has none now. */
  readonly shift: number | null;
};

/** What became of the best class. */
export type TopOneReport = {
  readonly output: string;
  readonly compared: number;
  readonly agreed: number;
  /** Share of `compared`. */
  readonly agreement: number;
  /** Of the score of the captured best class: the mean with its sign, the others of its magnitude. */
  readonly scoreShift: { readonly count: number; readonly mean: number; readonly p50: number; readonly p95: number; readonly max: number };
  /** The largest shifts first, some of them. */
  readonly changes: readonly Change[];
  /** The most frequent first, some of them. */
  readonly confusion: readonly { readonly from: string; readonly to: string | null; readonly count: number }[];
};

/** How an output differs, over all captures. */
export type OutputReport = Difference & { readonly name: string; readonly compared: number; readonly worst: readonly (Where & Difference)[] };

export type MismatchReport = { readonly output: string; readonly captured: string; readonly now: string; readonly count: number; readonly examples: readonly Where[] };
export type SkipReport = { readonly reason: SkipReason; readonly count: number; readonly examples: readonly (Where & { readonly detail: string })[] };

/** What was found, whatever was looked at. */
export type Findings = {
  readonly captures: { readonly found: number; readonly compared: number; readonly skipped: number; readonly fromTensor: number; readonly fromImage: number };
  /** The models that the captures are of. */
  readonly capturedModels: readonly { readonly name: string; readonly version: string; readonly count: number }[];
  readonly skipped: readonly SkipReport[];
  /** Null when there was no output whose best class could be compared. */
  readonly topOne: TopOneReport | null;
  readonly outputs: readonly OutputReport[];
  readonly mismatches: readonly MismatchReport[];
};

export type ModelReport = { readonly path: string; readonly name: string; readonly version: string | null };

/** The document of `--json`; docs/replay.md describes it. */
export type Report = Findings & {
  readonly fescue: string;
  readonly location: string;
  readonly model: ModelReport;
  readonly capturedWith: ModelReport | null;
  readonly via: 'in-process' | 'agent';
  readonly notes: readonly string[];
};
