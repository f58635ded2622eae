import { z } from 'zod';
import { isJsonObject, type JsonObject, type JsonValue } from './config-store.ts';
import { deltaOf, depthOf, type ShadowDocument, updateShadow } from './shadow-document.ts';
import type { ShadowName } from './shadow-files.ts';
import type { ShadowStore } from './shadow-store.ts';

/** Of IoT Core, or of the shadow manager on a device. */
export type ShadowLimits = { readonly maxDepth: number };

/** What became of a request: what its answer says, and what others are told of a change. */
export type ShadowOutcome =
  | { readonly kind: 'accepted'; readonly answer: JsonObject; readonly delta?: JsonObject; readonly documents?: JsonObject }
  | { readonly kind: 'rejected'; readonly code: ShadowErrorCode; readonly message: string; readonly clientToken?: string };

/** As HTTP counts them. */
export type ShadowErrorCode = 400 | 404 | 409 | 413;

const maxStateBytes = 8 * 1024;

export function getShadow(store: ShadowStore, name: ShadowName): ShadowOutcome {
  const found = store.get(name);
  if (found === undefined) return noShadow;
  const { state, metadata, version } = found;
  const delta = deltaOf(found);
  return { kind: 'accepted', answer: { state: { ...asJson(state), ...(delta && { delta: delta.state }) }, metadata: asJson(metadata), version, timestamp: seconds() } };
}

export function deleteShadow(store: ShadowStore, name: ShadowName): ShadowOutcome {
  const found = store.get(name);
  if (found === undefined) return noShadow;
  store.set(name, found.version + 1, undefined);
  return { kind: 'accepted', answer: { version: found.version, timestamp: seconds() } };
}

/** @param text of the document that is to be merged */
export function changeShadow({ store, name, text, limits }: { store: ShadowStore; name: ShadowName; text: string; limits: ShadowLimits }): ShadowOutcome {
  const read = readUpdate(text, limits);
  if (typeof read === 'string') return rejected(400, read);
  const token = read.clientToken === undefined ? {} : { clientToken: read.clientToken };
  const before = store.get(name);
  if (read.version !== undefined && read.version !== (before?.version ?? 1)) return before === undefined ? rejected(400, 'Invalid version', token) : rejected(409, 'Version conflict', token);
  const version = store.nextVersion(name);
  const { document, metadata } = updateShadow(before ?? { state: {}, metadata: {} }, read.state, { version, seconds: seconds() });
  const [desired = 0, reported = 0] = [document.state.desired, document.state.reported].map((one) => (one === undefined ? 0 : Buffer.byteLength(JSON.stringify(one))));
  if (desired + reported > maxStateBytes) return rejected(413, `The payload exceeds the maximum size allowed: desired and reported state would have ${desired} + ${reported} bytes, up to ${maxStateBytes} are kept.`, token);
  store.set(name, version, document);
  return { kind: 'accepted', answer: { version, ...token, timestamp: seconds(), state: read.state as JsonObject, metadata }, ...changesOf(before, document, token) };
}

const noShadow = rejected(404, 'No shadow found');

function rejected(code: ShadowErrorCode, message: string, token: { clientToken?: string } = {}): ShadowOutcome {
  return { kind: 'rejected', code, message, ...token };
}

const section = z.record(z.string(), z.json()).nullish();
const updateDocument = z.looseObject({
  // A key that is given as undefined stands for nothing; null stands for its removal.
  state: z.looseObject({ desired: section, reported: section }),
  version: z.int().nullish().transform((version) => version ?? undefined),
  clientToken: z.string().max(64).nullish().transform((token) => token ?? undefined),
});

/** @returns why it is none, if it is none */
function readUpdate(text: string, { maxDepth }: ShadowLimits): z.output<typeof updateDocument> | string {
  try {
    const parsed = updateDocument.safeParse(JSON.parse(text));
    if (!parsed.success) return parsed.error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`).join('; ');
    const { desired, reported } = parsed.data.state;
    const depth = Math.max(depthOf(desired ?? null), depthOf(reported ?? null));
    return depth > maxDepth ? `JSON contains too many levels of nesting; maximum is ${maxDepth}` : parsed.data;
  } catch (error) {
    if (error instanceof SyntaxError) return `Invalid JSON: ${error.message}`;
    throw error;
  }
}

function changesOf(before: ShadowDocument | undefined, document: ShadowDocument, token: JsonObject): { delta?: JsonObject; documents: JsonObject } {
  const delta = deltaOf(document);
  const plain = (one: ShadowDocument): JsonObject => ({ state: asJson(one.state), metadata: asJson(one.metadata), version: one.version });
  const documents = { previous: before === undefined ? null : plain(before), current: plain(document), timestamp: seconds(), ...token };
  if (delta === undefined) return { documents };
  return { delta: { version: document.version, timestamp: seconds(), ...token, state: delta.state, metadata: delta.metadata }, documents };
}

function asJson(sections: object): JsonObject {
  return isJsonObject(sections as JsonValue) ? (sections as JsonObject) : {};
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
