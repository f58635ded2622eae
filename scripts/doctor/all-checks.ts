import type { CheckFacts } from './check.ts';
import { cloudChecks } from './cloud-checks/cloud-checks.ts';
import { deviceChecks } from './device/device-checks.ts';
import type { Side } from './report.ts';

export { cloudChecks, deviceChecks };

export type SidedCheck = { readonly side: Side; readonly check: CheckFacts };

/** Every check there is. */
export const allChecks: readonly SidedCheck[] = [...deviceChecks.map((check) => ({ side: 'device', check }) as const), ...cloudChecks.map((check) => ({ side: 'cloud', check }) as const)];
