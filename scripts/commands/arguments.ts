/** What options of several commands take. */
import { InvalidArgumentError } from 'commander';
import { durationOf } from '../captures/moment.ts';

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number above 0.');
  return value;
}

/** The parser of a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isInteger(value) || value < min || value > max) throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** The parser of a duration, in seconds. */
export function durationSeconds(text: string): number {
  const seconds = durationOf(text) / 1000;
  if (!(seconds > 0)) throw new InvalidArgumentError('Expected a duration such as 90s, 30m, 3h or 2d.');
  return seconds;
}

/** A name as IoT Core takes it, of a thing or of a thing group. */
export function iotName(text: string): string {
  if (!/^[a-zA-Z0-9:_-]{1,128}$/.test(text)) throw new InvalidArgumentError('Expected up to 128 letters, digits and : _ -');
  return text;
}

/** A file, and what it is for when that was said. */
export type NamedFile = { name?: string; file: string };

/** Collects `file` or `name=file`, for an option that may be repeated. */
export function collectNamedFile(text: string, earlier: NamedFile[]): NamedFile[] {
  const [, name, file] = /^([^=/]+)=(.+)$/.exec(text) ?? [];
  return [...earlier, name === undefined || file === undefined ? { file: text } : { name, file }];
}

/** Collects `name=value`, for an option that may be repeated. */
export function collectPair(text: string, earlier: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Expected name=value.');
  return { ...earlier, [name]: value };
}
