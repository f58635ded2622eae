import type { DeviceReport } from '../../common/device-report.ts';

/** Brings reports to whoever keeps them. */
export type HeartbeatChannel = {
  /** Begins whatever goes on between reports. */
  start(): void;
  /**
   * Hands a report over, in bounded time. What the receiver forbids is told in the log and is not an error: it would not be
   * allowed with the next report either.
   *
   * @param options.isLatest whether it tells how the device is now; others are for the record
   * @throws FescueError `unavailable` when the report is worth another try, `failed-precondition` when it is, but not
   *   before somebody has changed something, `invalid-argument` when it is not
   */
  send(report: DeviceReport, options: { readonly isLatest: boolean }): Promise<void>;
  /** Nothing is begun any more, and nothing under way is waited for. */
  stop(): void;
};
