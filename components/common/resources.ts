import { fileURLToPath } from 'node:url';

/** Whether this code runs from the TypeScript sources (a checkout) or from a bundle (a device). */
const fromSource = import.meta.url.endsWith('.ts');

/**
 * Path of a file that lies beside the bundle on a device, and elsewhere in the checkout.
 *
 * @param bundled its name beside the bundle
 * @param source its path in the checkout, relative to `components/common`
 */
export function resourcePath(bundled: string, source: string): string {
  return fileURLToPath(new URL(fromSource ? source : bundled, import.meta.url));
}
