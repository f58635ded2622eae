import type { Cloud } from '../../scripts/cloud/cloud.ts';
import { emptyAccount, type Account } from './memory-cloud/account.ts';
import { CallGate } from './memory-cloud/call-gate.ts';
import { memoryBuckets } from './memory-cloud/memory-buckets.ts';
import { memoryCores } from './memory-cloud/memory-cores.ts';
import { memoryRoles } from './memory-cloud/memory-roles.ts';
import { memoryShadows } from './memory-cloud/memory-shadows.ts';
import { memoryThings } from './memory-cloud/memory-things.ts';

export { emptyAccount, newBucket, type Account } from './memory-cloud/account.ts';
export { Crash } from './memory-cloud/call-gate.ts';

/**
 * AWS in memory, by its rules. `account` is what is there, `gate` records the calls and lets them fail. The other methods
 * are those of any Cloud.
 *
 * @example
 * const cloud = memoryCloud();
 * cloud.gate.crash('after', 3);
 */
export type MemoryCloud = Cloud & { readonly account: Account; readonly gate: CallGate };

/**
 * @param options.account what is there; several clouds may share one
 * @param options.pageSize of listings
 */
export function memoryCloud({ account = emptyAccount(), pageSize = 100 }: { account?: Account; pageSize?: number } = {}): MemoryCloud {
  const gate = new CallGate();
  return {
    account,
    gate,
    region: account.region,
    identity: { caller: async () => gate.read('sts:GetCallerIdentity', 'the caller', () => account.caller) },
    roles: memoryRoles(account, gate),
    things: memoryThings(account, gate, { pageSize }),
    buckets: memoryBuckets(account, gate),
    shadows: memoryShadows(account, gate),
    cores: memoryCores(account, gate),
    close: () => undefined,
  };
}
