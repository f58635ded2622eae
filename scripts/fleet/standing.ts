import type { FleetDevice } from './device.ts';

/**
 * How a device stands. `connected`: its latest report is as young as its period lets expect. `stopped`: it said that it
 * stops, and nothing since. `silent`: it should have reported again.
 */
export const standings = ['connected', 'silent', 'stopped', 'never-reported', 'unreadable'] as const;
export type Standing = (typeof standings)[number];

export type Standings = {
  readonly standing: Standing;
  /** Of the latest report, in seconds; for one from the future since it came, 0 where that is not known. Undefined without one. */
  readonly age: number | undefined;
  /** Seconds by which a device's clock is ahead of ours, where that is more than clocks differ. */
  readonly clockAhead: number | undefined;
};

/** @property now seconds since 1970 @property silentAfter seconds after which a device counts as silent; undefined leaves it to its own period */
export type StandingOptions = { readonly now: number; readonly silentAfter: number | undefined };

/** For the way of a report, and for a device that was busy. */
const slackSeconds = 30;
/** A device whose period says more than this would be connected for ever. */
const mostPeriodSeconds = 24 * 60 * 60;
const mostClockDifference = 60;

export function standingOf({ report, problem, receivedAt }: FleetDevice, { now, silentAfter }: StandingOptions): Standings {
  if (problem !== undefined) return { standing: 'unreadable', age: undefined, clockAhead: undefined };
  if (report === undefined) return { standing: 'never-reported', age: undefined, clockAhead: undefined };
  const ahead = report.time - now;
  const isAhead = ahead > mostClockDifference;
  // By its own clock, a device would be connected until that moment has come.
  const age = Math.max(0, now - (isAhead ? (receivedAt ?? now) : report.time));
  const limit = silentAfter ?? 2 * Math.min(report.periodSeconds, mostPeriodSeconds) + slackSeconds;
  const standing = report.state === 'stopping' ? 'stopped' : age < limit ? 'connected' : 'silent';
  return { standing, age, clockAhead: isAhead ? ahead : undefined };
}

/** How many periods a device has to miss, for people. */
export const silentRule = `2 periods and ${slackSeconds} s`;
