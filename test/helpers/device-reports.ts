import type { DeviceReport, ModelReport } from '../../components/common/device-report.ts';
import type { FleetDevice } from '../../scripts/fleet/device.ts';

/** When reports of the tests are made, in seconds since 1970. */
export const reportTime = 1_800_000_000;

export function modelReportOf(changes: Partial<ModelReport> = {}): ModelReport {
  return { alias: 'pump', name: 'pump', version: '1.0.0', digest: 'abcd', provider: 'cpu', predictions: 100, errors: 1, restarts: 0, p50Ms: 10, p99Ms: 20, latestInference: reportTime - 5, latestSample: reportTime - 50, ...changes };
}

/** A report of a device that does well. */
export function deviceReportOf(changes: Partial<DeviceReport> = {}): DeviceReport {
  return {
    format: 1,
    fleet: 'lobby',
    device: 'camera-1',
    time: reportTime,
    periodSeconds: 60,
    state: 'running',
    agent: { version: '0.2.0', uptimeSeconds: 3_600, starts: 2, crashes: 0 },
    models: [modelReportOf()],
    spool: { captures: 3, bytes: 3_000, oldest: reportTime - 120, isFailing: false },
    system: { architecture: 'arm64', cpuPercent: 25, residentBytes: 200e6, memoryAvailableBytes: 1e9, diskFreeBytes: 5e9, temperatureCelsius: 55 },
    ...changes,
  };
}

export function fleetDeviceOf(name: string, changes: Partial<DeviceReport> = {}): FleetDevice {
  return { name, report: deviceReportOf({ device: name, ...changes }) };
}

/** The shadow of a device as IoT Core gives it. */
export function shadowOf(reported: unknown): string {
  return JSON.stringify({ state: { reported }, metadata: { reported: {} }, version: 7, timestamp: reportTime });
}
