/** How figures of a fleet are written, in tables and on pages. */
import { readableBytes } from '../commands/readable-bytes.ts';
import type { Unit } from './measures.ts';

/** `12,400` */
export function countText(count: number): string {
  return count.toLocaleString('en-GB');
}

export function devicesText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'device' : 'devices'}`;
}

/** With one decimal; of nothing it is a dash. Only none is 0, and only all are 100 %. */
export function shareText(part: number, all: number): string {
  if (all === 0) return '–';
  const percent = (100 * part) / all;
  if (part > 0 && percent < 0.05) return '< 0.1 %';
  return part < all && percent > 99.95 ? '> 99.9 %' : `${percent.toFixed(1)} %`;
}

/** `45 s`, `12 min`, `3.5 h` or `6.2 d` */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  return seconds < 86_400 ? `${oneDecimal(seconds / 3_600)} h` : `${oneDecimal(seconds / 86_400)} d`;
}

/** A number in its unit; a dash where there is none. */
export function figureText(value: number | null | undefined, unit: Unit): string {
  return value === null || value === undefined ? '–' : figureTexts[unit](value);
}

const figureTexts: Readonly<Record<Unit, (value: number) => string>> = {
  ms: (value) => `${threeDigits(value)} ms`,
  percent: (value) => `${threeDigits(value)} %`,
  bytes: (value) => readableBytes(Math.round(value)),
  count: (value) => countText(Math.round(value)),
  seconds: durationText,
  celsius: (value) => `${oneDecimal(value)} °C`,
};

/** A moment in seconds since 1970, UTC. Devices may tell one that no calendar has. */
export function momentText(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return 'never';
  return Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1000).toISOString().replace('.000Z', 'Z') : `${seconds} s since 1970`;
}

function threeDigits(value: number): string {
  // What a device may also say: hundreds of digits.
  const isReadable = Math.abs(value) >= 1_000 && Math.abs(value) < 1e15;
  return isReadable ? countText(Math.round(value)) : Number(value.toPrecision(3)).toString();
}

function oneDecimal(value: number): string {
  return Number(value.toFixed(1)).toString();
}
