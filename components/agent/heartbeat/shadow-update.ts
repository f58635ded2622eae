import type { DeviceReport } from '../../common/device-report.ts';

/** What a report may leave out. In an update of a shadow, only null makes it forgotten. */
const nothing = {
  modelsLeftOut: null,
  spool: null,
  system: { architecture: null, cpuPercent: null, residentBytes: null, memoryAvailableBytes: null, diskFreeBytes: null, temperatureCelsius: null },
} as const;

/** The message that makes a report the reported state of a shadow. Lists replace what was there, and so need no null. */
export function shadowUpdateOf(report: DeviceReport, clientToken: string): string {
  const spool = report.spool === undefined || report.spool === null ? null : { oldest: null, ...report.spool };
  const reported = { ...nothing, ...report, spool, system: { ...nothing.system, ...report.system } };
  return JSON.stringify({ state: { reported }, clientToken });
}
