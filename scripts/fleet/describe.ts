import type { DeviceReport, ModelReport } from '../../components/common/device-report.ts';
import type { FleetDevice, ReportProblem } from './device.ts';
import { standingOf, type Standing, type StandingOptions } from './standing.ts';

/** A device as `fescue fleet status --json` tells it; docs/fleet.md describes it. */
export type DeviceStatus = {
  readonly device: string;
  readonly standing: Standing;
  /** Seconds since the latest report; null without one. */
  readonly ageSeconds: number | null;
  /** By which its clock is ahead, where that is a minute or more. */
  readonly clockAheadSeconds: number | null;
  /** Whether IoT Core has a connection to it; null where that is not known. */
  readonly cloudConnected: boolean | null;
  readonly problem: ReportProblem | null;
  /** As the device sent it. */
  readonly report: DeviceReport | null;
};

export function statusOf(device: FleetDevice, options: StandingOptions): DeviceStatus {
  const { standing, age, clockAhead } = standingOf(device, options);
  return {
    device: device.name,
    standing,
    ageSeconds: age === undefined ? null : Math.round(age),
    clockAheadSeconds: clockAhead === undefined ? null : Math.round(clockAhead),
    cloudConnected: device.isConnected ?? null,
    problem: device.problem ?? null,
    report: device.report ?? null,
  };
}

/** Which devices are asked for; without any of these, all. @property model name or alias */
export type StatusFilter = { readonly silent?: boolean | undefined; readonly model?: string | undefined; readonly agentVersion?: string | undefined };

export function fitsFilter({ standing, report }: DeviceStatus, { silent, model, agentVersion }: StatusFilter): boolean {
  if (silent === true && standing !== 'silent') return false;
  if (agentVersion !== undefined && report?.agent.version !== agentVersion) return false;
  return model === undefined || report?.models.some((one) => isModel(one, model)) === true;
}

function isModel({ name, alias }: ModelReport, wanted: string): boolean {
  return name === wanted || alias === wanted;
}
