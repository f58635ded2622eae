import type { Check } from '../check.ts';
import { agentChecks } from './checks/agent.ts';
import { clockCheck } from './checks/clock.ts';
import { credentialCheck } from './checks/credentials.ts';
import { diskCheck } from './checks/disk.ts';
import { greengrassChecks } from './checks/greengrass.ts';
import { ipcCheck } from './checks/ipc.ts';
import { memoryCheck } from './checks/memory.ts';
import { nameChecks } from './checks/names.ts';
import { recipeCheck } from './checks/recipes.ts';
import { runtimeCheck } from './checks/runtime.ts';
import { sharedMemoryCheck } from './checks/shared-memory.ts';
import { signatureTrustCheck } from './checks/signature-trust.ts';
import type { DeviceContext } from './device-view.ts';

/** Everything doctor asks of a device, in an order that suits `after`. */
export const deviceChecks: readonly Check<DeviceContext>[] = [
  ...greengrassChecks,
  ...nameChecks,
  credentialCheck,
  ipcCheck,
  runtimeCheck,
  ...agentChecks,
  signatureTrustCheck,
  recipeCheck,
  diskCheck,
  memoryCheck,
  clockCheck,
  sharedMemoryCheck,
];
