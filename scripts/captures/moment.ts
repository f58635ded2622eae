const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/** The epoch of an ISO date or time in milliseconds; NaN when it is none. UTC when it names no zone. */
export function timeOf(text: string): number {
  const [all, zone] = iso.exec(text) ?? [];
  if (all === undefined) return Number.NaN;
  return Date.parse(zone === undefined && text.length > 10 ? `${text}Z` : text);
}

/** A duration such as `90s`, `30m`, `3h`, `2d` or `1w` in milliseconds; NaN when it is none. */
export function durationOf(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  return count === undefined || unit === undefined ? Number.NaN : Number(count) * (unitMs[unit] ?? Number.NaN);
}

/** The epoch of an ISO date or time, or of a duration back from now; NaN when it is neither. */
export function momentOf(text: string, now: number): number {
  const duration = durationOf(text);
  return Number.isNaN(duration) ? timeOf(text) : now - duration;
}
