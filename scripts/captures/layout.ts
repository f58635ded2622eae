/** What captures to look for. */
export type CaptureFilter = {
  /** Alias of the model. */
  readonly model?: string | undefined;
  /** Epoch in milliseconds, included. */
  readonly since?: number | undefined;
  /** Epoch in milliseconds, excluded. */
  readonly until?: number | undefined;
  /** The capture id. */
  readonly id?: string | undefined;
};

const hourMs = 3_600_000;
const dayOrHour = /(?:^|(?:^|\/)([^/]+)\/)(\d{4})\/(0[1-9]|1[0-2])\/(0[1-9]|[12]\d|3[01])\/(?:([01]\d|2[0-3])\/)?$/;

/**
 * Whether a folder cannot hold what is looked for, as its name `…/<model>/<YYYY>/<MM>/<DD>/` or `…/<HH>/` tells. A
 * batch may have been put into the hour it was written in, so that neighbouring hours count as well. Nothing is told
 * by the folders of years and months: fleets and models may have such names.
 */
export function cannotHold(folder: string, { model: wanted, since = -Infinity, until = Infinity }: CaptureFilter): boolean {
  const [, model, year, month, day, hour] = dayOrHour.exec(folder) ?? [];
  if (year === undefined) return false;
  if (wanted !== undefined && model !== undefined && model !== wanted) return true;
  const start = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour ?? 0));
  const end = start + (hour === undefined ? 24 * hourMs : hourMs);
  return end + hourMs <= since || start - hourMs >= until;
}
