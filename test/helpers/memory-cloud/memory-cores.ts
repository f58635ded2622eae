import type { CoreService } from '../../../scripts/cloud/cloud.ts';
import type { Account } from './account.ts';
import type { CallGate } from './call-gate.ts';

/** Greengrass V2's core devices. */
export function memoryCores({ cores }: Account, gate: CallGate): CoreService {
  return {
    get: async (thing) =>
      gate.read('greengrass:GetCoreDevice', `core device ${thing}`, () => {
        const core = cores.get(thing);
        return core && { thing, nucleusVersion: core.nucleusVersion, status: core.status, lastSeen: core.lastSeen };
      }),
    installedComponents: async (thing) => gate.read('greengrass:ListInstalledComponents', `core device ${thing}`, () => cores.get(thing)?.components ?? []),
  };
}
