import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's top folder. */
export const rootFolder = fileURLToPath(new URL('../..', import.meta.url));

/** A path inside the checkout. */
export function inCheckout(...parts: string[]): string {
  return resolve(rootFolder, ...parts);
}
