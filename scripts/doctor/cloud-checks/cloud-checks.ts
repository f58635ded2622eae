import type { Check, CloudContext } from '../check.ts';
import { accountCheck } from './account.ts';
import { aliasRightsCheck } from './alias-rights.ts';
import { attachedChecks } from './attached.ts';
import { bucketCheck, bucketSafetyCheck } from './bucket.ts';
import { bucketWriteCheck } from './bucket-write.ts';
import { componentCheck, coreCheck } from './core.ts';
import { fleetChecks } from './fleet.ts';
import { greengrassPolicyCheck } from './greengrass-policy.ts';
import { heartbeatRightsCheck } from './heartbeat-rights.ts';
import { roleChecks } from './role.ts';
import { thingChecks } from './thing.ts';
import { trustChecks } from './trust.ts';

/** Everything doctor asks of the cloud, in the order of the prerequisites as far as `after` lets it be. */
export const cloudChecks: readonly Check<CloudContext>[] = [
  accountCheck,
  ...thingChecks,
  coreCheck,
  ...roleChecks,
  aliasRightsCheck,
  ...attachedChecks,
  greengrassPolicyCheck,
  ...trustChecks,
  ...fleetChecks,
  componentCheck,
  bucketCheck,
  bucketWriteCheck,
  bucketSafetyCheck,
  heartbeatRightsCheck,
];
