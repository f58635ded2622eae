import type { DeviceReport } from '../../components/common/device-report.ts';

/** A report, told apart from others by its time. */
export function reportAt(time: number, rest: Partial<DeviceReport> = {}): DeviceReport {
  return { format: 1, fleet: 'lobby', device: 'camera-7', time, periodSeconds: 300, state: 'running', agent: { version: '0.1.0', uptimeSeconds: 5, starts: 1, crashes: 0 }, models: [], system: {}, ...rest };
}
