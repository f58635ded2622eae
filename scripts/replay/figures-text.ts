import type { Where } from './report.ts';

/** Rounded down, so that only all are 100 %. */
export function percent(share: number): string {
  // 0.57 * 10 000 is a little less than 5 700.
  return `${(Math.floor(share * 10_000 + 1e-6) / 100).toFixed(2)} %`;
}

/** Three digits that count. */
export function short(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(2);
  return Number(value.toPrecision(3)).toString();
}

/** The same with a plus, where it is one. */
export function signed(value: number): string {
  return value > 0 ? `+${short(value)}` : short(value);
}

/** A model with its version, if it has one. */
export function named({ name, version }: { readonly name: string; readonly version: string | null }): string {
  return version === null || version === '' ? name : `${name} ${version}`;
}

/** The id of a capture, or where it lies. */
export function placeOf({ id, key, line }: Where): string {
  return id === null || id === '' ? `${key}${line === null ? '' : `:${line}`}` : id;
}
