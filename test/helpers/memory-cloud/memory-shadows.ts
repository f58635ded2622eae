import type { ShadowService } from '../../../scripts/cloud/cloud.ts';
import { cloudError, type CloudCall } from '../../../scripts/cloud/explain.ts';
import type { JsonObject } from '../../../scripts/local-nucleus/config-store.ts';
import { depthOf, updateShadow, type ShadowUpdate } from '../../../scripts/local-nucleus/shadow-document.ts';
import type { Account, StoredShadow } from './account.ts';
import type { CallGate } from './call-gate.ts';

const mostBytes = 8 * 1024;
const mostLevels = 8;

/** IoT Core's device shadows; the thing need not be in the registry. */
export function memoryShadows({ shadows }: Account, gate: CallGate): ShadowService {
  const subject = (thing: string, shadow: string): string => `shadow ${shadow} of thing ${thing}`;
  return {
    get: async (thing, shadow) =>
      gate.read('iot:GetThingShadow', subject(thing, shadow), () => {
        const { document, version } = shadows.get(thing)?.get(shadow) ?? {};
        return document === undefined ? undefined : JSON.stringify({ ...document, version, timestamp: seconds() });
      }),
    update: async (thing, shadow, document) => {
      const call = { action: 'iot:UpdateThingShadow', subject: subject(thing, shadow) };
      return gate.change(call.action, call.subject, () => {
        const all = shadows.get(thing) ?? new Map<string, StoredShadow>();
        const stored = updated(all.get(shadow) ?? { document: undefined, version: 0 }, document, call);
        shadows.set(thing, all.set(shadow, stored));
      });
    },
    delete: async (thing, shadow) =>
      gate.change('iot:DeleteThingShadow', subject(thing, shadow), () => {
        const all = shadows.get(thing);
        const stored = all?.get(shadow);
        if (stored !== undefined) all?.set(shadow, { document: undefined, version: stored.version });
      }),
  };
}

function updated({ document, version }: StoredShadow, text: string, call: CloudCall): StoredShadow {
  const { state, version: expected } = parse(text, call);
  if (expected !== undefined && expected !== version) throw cloudError('conflict', call, { problem: `the shadow has version ${version}, not ${expected}` });
  if (depthOf(state as JsonObject) > mostLevels) throw cloudError('refused', call, { problem: `the shadow has more than ${mostLevels} levels` });
  const { document: next } = updateShadow(document ?? { state: {}, metadata: {} }, state, { version: version + 1, seconds: seconds() });
  // Each of the sections has the limit of its own, and metadata is not counted.
  if (Object.values(next.state).some((section) => Buffer.byteLength(JSON.stringify(section)) > mostBytes)) throw cloudError('limit-exceeded', call, { problem: `the shadow would have more than ${mostBytes} bytes` });
  return { document: { state: next.state, metadata: next.metadata }, version: next.version };
}

function parse(text: string, call: CloudCall): { state: ShadowUpdate; version?: number } {
  try {
    const { state, version } = JSON.parse(text) as { state?: ShadowUpdate; version?: number };
    if (typeof state === 'object') return { state, ...(version === undefined ? {} : { version }) };
  } catch {
    // Said below, as of any other text that is no update.
  }
  throw cloudError('refused', call, { problem: 'the document is no update of a shadow' });
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
