import type { DeviceFacts, DeviceRequest } from '../device-facts.ts';
import { runChecks } from '../run-checks.ts';
import { agentFactsOf, findSubject, subjectOf } from '../subject.ts';
import { deviceChecks } from './device-checks.ts';
import type { DeviceView, System } from './device-view.ts';
import { identifyAt } from './identify.ts';
import { openDevice } from './open-device.ts';

export type Surroundings = {
  readonly system: System;
  /** Where a local nucleus is looked for last. */
  readonly localRoot?: string | undefined;
  readonly onStart: (name: string) => void;
};

/** Looks at this machine, and runs the checks that are asked for. Nothing but the token exchange's credentials is shown to AWS. */
export async function examineDevice(request: DeviceRequest, { system, localRoot, onStart }: Surroundings): Promise<DeviceFacts> {
  const { flags, endpoint, checks } = request;
  const device = await openDevice(system, { ...request, localRoot });
  const subject = findSubject(flags, device, system.environment);
  const agent = agentFactsOf(device.agent);
  const context = { device, subject: subjectOf(subject, agent), identify: identifyAt(endpoint) };
  const results = await runChecks(deviceChecks.filter(({ name }) => checks.includes(name)), context, { onStart: ({ name }) => onStart(name) });
  return { nucleus: nucleusOf(device), subject, agent, results: results.map(({ check: { name }, verdict }) => ({ name, verdict })) };
}


function nucleusOf({ nucleus }: DeviceView): NonNullable<DeviceFacts['nucleus']> | null {
  return nucleus === undefined ? null : { kind: nucleus.kind, root: nucleus.root, version: nucleus.configuration?.version };
}
