import { z } from 'zod';
import { deviceFacts } from './device-facts.ts';

/** In front of each line, for what a login there prints of its own comes in between. */
const mark = 'fescue-doctor ';

const deviceLine = z.discriminatedUnion('is', [
  z.object({ is: z.literal('alive') }),
  z.object({ is: z.literal('check'), check: z.string().regex(/^[a-z-]{1,100}$/) }),
  /** `now` is its clock, in milliseconds since 1970. */
  z.object({ is: z.literal('facts'), facts: deviceFacts, now: z.number() }),
  z.object({ is: z.literal('failure'), message: z.string().max(10_000) }),
]);

/** What doctor's part for devices prints, a line each. */
export type DeviceLine = z.output<typeof deviceLine>;

export function printedLine(line: DeviceLine): string {
  return `${mark}${JSON.stringify(line)}\n`;
}

/** Undefined for a line of somebody else. */
export function readLine(text: string): DeviceLine | undefined {
  if (!text.startsWith(mark)) return undefined;
  try {
    return deviceLine.safeParse(JSON.parse(text.slice(mark.length))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
