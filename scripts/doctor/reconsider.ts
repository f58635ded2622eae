import type { Known } from './check.ts';
import type { DeviceFacts } from './device-facts.ts';
import { deviceChecks } from './device/device-checks.ts';
import type { CheckResult } from './run-checks.ts';

/** What a device answered, as results of the checks it ran, in the light of what is known by now. A check of another name is left out. */
export function reconsider(results: DeviceFacts['results'], known: Known): CheckResult[] {
  return results.flatMap(({ name, verdict }) => {
    const check = deviceChecks.find((one) => one.name === name);
    return check === undefined ? [] : [{ check, verdict: check.reconsider?.(verdict, known) ?? verdict }];
  });
}
