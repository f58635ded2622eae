import type { DeviceReport, ModelReport } from '../../common/device-report.ts';
import type { CaptureFigures } from '../capture/capture-messages.ts';
import type { ModelFigures } from './model-tally.ts';
import type { SystemFacts } from './system-probe.ts';

/** A loaded model, and what it has done. */
export type ModelFacts = ModelFigures & {
  readonly alias: string;
  /** Of the package, or of the file where there is none. */
  readonly name: string;
  /** Empty without a package. */
  readonly version: string;
  readonly digest: string | undefined;
  readonly provider: string;
};

export type ReportFacts = {
  readonly fleet: string;
  readonly device: string;
  readonly nowMs: number;
  readonly periodMs: number;
  readonly state: DeviceReport['state'];
  readonly agent: DeviceReport['agent'];
  readonly models: readonly ModelFacts[];
  /** Undefined where nothing is captured. */
  readonly captures: CaptureFigures | undefined;
  readonly system: SystemFacts;
};

/** Enough to tell two files apart. */
const digestDigits = 16;
const longest = { alias: 256, name: 128, version: 64, provider: 32 };

/** What a heartbeat says. What is not known is absent. */
export function reportOf({ fleet, device, nowMs, periodMs, state, agent, models, captures, system }: ReportFacts): DeviceReport {
  return {
    format: 1,
    fleet,
    device,
    time: Math.floor(nowMs / 1000),
    periodSeconds: periodMs / 1000,
    state,
    agent,
    models: models.map(modelOf),
    ...(captures === undefined ? {} : { spool: spoolOf(captures) }),
    system,
  };
}

/**
 * The report with as many models as there is room for, those that were used last first.
 *
 * @param mostBytes of its JSON; what is there besides the models is not cut
 */
export function fitted(report: DeviceReport, mostBytes: number): DeviceReport {
  const models = report.models.toSorted((one, other) => (other.latestInference ?? -1) - (one.latestInference ?? -1));
  const before = report.modelsLeftOut ?? 0;
  // As if nothing found room: the count takes the most digits then.
  let left = mostBytes - bytesOf({ ...report, models: [], modelsLeftOut: models.length + before });
  const fitting = models.findIndex((model) => (left -= bytesOf(model) + 1) < 0);
  const kept = fitting < 0 ? models : models.slice(0, fitting);
  const leftOut = models.length - kept.length + before;
  return { ...report, models: kept, ...(leftOut === 0 ? {} : { modelsLeftOut: leftOut }) };
}

export function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function modelOf({ alias, name, version, digest, provider, ...figures }: ModelFacts): ModelReport {
  return {
    alias: cut(alias, longest.alias),
    name: cut(name, longest.name),
    ...(version === '' ? {} : { version: cut(version, longest.version) }),
    ...(digest === undefined ? {} : { digest: digest.slice(0, digestDigits) }),
    provider: cut(provider, longest.provider),
    ...(JSON.parse(JSON.stringify(figures)) as ModelFigures),
  };
}

function spoolOf({ waiting, bytes, oldestMs, failing }: CaptureFigures): NonNullable<DeviceReport['spool']> {
  return { captures: waiting, bytes, ...(oldestMs === null ? {} : { oldest: Math.floor(oldestMs / 1000) }), isFailing: failing };
}

/** A character that is cut in half becomes a mark of replacement. */
function cut(text: string, length: number): string {
  return (text.length <= length ? text : `${text.slice(0, length - 1)}…`).toWellFormed();
}
