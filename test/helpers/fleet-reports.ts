import type { FleetReport } from '../../scripts/fleet/fleet-report.ts';
import { FleetTally } from '../../scripts/fleet/fleet-tally.ts';
import { deviceReportOf, fleetDeviceOf, modelReportOf, reportTime } from './device-reports.ts';

/** A report with something in each of its parts, in which every text of others is `text`. */
export function fleetReportOf(text: string): FleetReport {
  const { agent, system } = deviceReportOf();
  const tally = new FleetTally({ silentAfter: undefined, activeWithin: 3_600 });
  const devices = [
    fleetDeviceOf(text, { fleet: text, device: text, agent: { ...agent, version: text, crashes: 4 }, models: [modelReportOf({ name: text, version: text, alias: text }), modelReportOf({ name: text, version: null })] }),
    fleetDeviceOf(text, { time: reportTime - 90_000 }),
    { ...fleetDeviceOf(text, { time: reportTime + 90_000, system: { ...system, temperatureCelsius: 81.5 } }), isConnected: true },
    fleetDeviceOf('still', { state: 'stopping' }),
    { name: 'new', report: undefined },
    { name: text, report: undefined, problem: { reason: 'invalid', detail: text } as const },
  ];
  for (const device of devices) tally.add(device, reportTime);
  return { format: 1, fescue: '0.1.0', fleet: text, source: { kind: 'reads', name: text }, time: new Date(reportTime * 1000).toISOString(), activeWithinSeconds: 3_600, silentAfterSeconds: null, ...tally.findings(), notes: [text] };
}

/** A report on no devices. */
export function emptyFleetReport(): FleetReport {
  const { fescue, format, time } = fleetReportOf('');
  return { format, fescue, fleet: null, source: { kind: 'local', name: 'the local nucleus in /tmp' }, time, activeWithinSeconds: 3_600, silentAfterSeconds: 90, ...new FleetTally({ silentAfter: 90, activeWithin: 3_600 }).findings(), notes: [] };
}
