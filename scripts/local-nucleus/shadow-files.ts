import { join } from 'node:path';
import { z } from 'zod';

/** A shadow's name: a thing's, and the shadow's own, which is empty for the classic one. */
export type ShadowName = { readonly thing: string; readonly shadow: string };

const section = z.record(z.string(), z.json());
const sections = z.object({ desired: section.optional(), reported: section.optional() });
const storedShadow = z.object({ shadow: z.string(), version: z.int(), document: z.object({ state: sections, metadata: sections }).optional() });

/** The shadows of one thing, as they lie in its file. A deleted one keeps its version, so that a later one goes on counting. */
export const thingShadows = z.array(storedShadow);
export type StoredShadow = z.output<typeof storedShadow>;

const suffix = '.json';

/** @param thing a name that AWS takes, of which none leads elsewhere */
export function shadowFileOf(folder: string, thing: string): string {
  return join(folder, `${thing}${suffix}`);
}

/** The thing whose shadows a file holds; undefined for any other file. */
export function thingOfFile(name: string): string | undefined {
  const thing = name.endsWith(suffix) ? name.slice(0, -suffix.length) : '';
  return /^[a-zA-Z0-9:_-]+$/.test(thing) ? thing : undefined;
}
