import type { Check, CheckFacts, CloudContext } from './check.ts';
import { accessCheck } from './cloud-access.ts';
import { deviceChecks } from './device/device-checks.ts';
import type { Side } from './report.ts';

export { deviceChecks };

/** Everything doctor asks of an account, in an order that suits `after`. */
export const cloudChecks: readonly Check<CloudContext>[] = [];

export type SidedCheck = { readonly side: Side; readonly check: CheckFacts };

/** Every check there is. */
export const allChecks: readonly SidedCheck[] = [...deviceChecks.map((check) => ({ side: 'device', check }) as const), ...[accessCheck, ...cloudChecks].map((check) => ({ side: 'cloud', check }) as const)];
