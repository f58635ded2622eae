import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from './config-store.ts';

/** A device shadow: what is wanted, what is, and when each leaf of them changed, as `{ "timestamp": seconds }`. */
export type ShadowDocument = { readonly state: ShadowSections; readonly metadata: ShadowSections; readonly version: number };

export type ShadowSections = { readonly desired?: JsonObject | undefined; readonly reported?: JsonObject | undefined };

/** The sections an update names; `null` removes a section, or a key within one. */
export type ShadowUpdate = { readonly desired?: JsonObject | null | undefined; readonly reported?: JsonObject | null | undefined };

const sectionNames = ['desired', 'reported'] as const;

/**
 * @param version of the new document
 * @param seconds since 1970, for the metadata
 * @returns the new document, and the metadata of what the update named
 */
export function updateShadow(document: Pick<ShadowDocument, 'state' | 'metadata'>, update: ShadowUpdate, { version, seconds }: { version: number; seconds: number }): { document: ShadowDocument; metadata: JsonObject } {
  const state = { ...document.state };
  const metadata = { ...document.metadata };
  const changed: JsonObject = {};
  for (const name of sectionNames) {
    const section = update[name];
    if (section === undefined) continue;
    state[name] = section === null ? undefined : nonEmpty(mergeShadow(state[name] ?? {}, section));
    metadata[name] = section === null ? undefined : nonEmpty(mergeStamps(metadata[name] ?? {}, section, seconds));
    if (section !== null) changed[name] = mergeStamps({}, section, seconds);
  }
  return { document: { state: present(state), metadata: present(metadata), version }, metadata: changed };
}

/** What is wanted and is not so, and its metadata; undefined when nothing is. */
export function deltaOf({ state, metadata }: ShadowDocument): { state: JsonObject; metadata: JsonValue } | undefined {
  if (state.desired === undefined) return undefined;
  const delta = state.reported === undefined ? state.desired : difference(state.desired, state.reported);
  return isJsonObject(delta) ? { state: delta, metadata: metadataOf(delta, metadata.desired ?? {}) } : undefined;
}

/** Levels of objects and lists below a section. */
export function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Objects merge key by key, null removes, anything else replaces. */
function mergeShadow(target: JsonObject, source: JsonObject): JsonObject {
  const merged: JsonObject = { ...target };
  for (const [key, value] of Object.entries(source)) {
    const existing = Object.hasOwn(merged, key) ? merged[key] : undefined;
    if (value === null) delete merged[key];
    else merged[key] = isJsonObject(value) ? mergeShadow(isJsonObject(existing) ? existing : {}, value) : value;
  }
  return merged;
}

/** As `mergeShadow`, with the time of the change in the place of values. */
function mergeStamps(target: JsonObject, source: JsonObject, seconds: number): JsonObject {
  const merged: JsonObject = { ...target };
  for (const [key, value] of Object.entries(source)) {
    const existing = Object.hasOwn(merged, key) ? merged[key] : undefined;
    if (value === null) delete merged[key];
    else merged[key] = isJsonObject(value) ? mergeStamps(isJsonObject(existing) && typeof existing['timestamp'] !== 'number' ? existing : {}, value, seconds) : stamped(value, seconds);
  }
  return merged;
}

function stamped(value: JsonValue, seconds: number): JsonValue {
  return Array.isArray(value) ? value.map((one) => stamped(one, seconds)) : { timestamp: seconds };
}

function difference(desired: JsonValue, reported: JsonValue): JsonValue | undefined {
  if (!isJsonObject(desired) || !isJsonObject(reported)) return isDeepStrictEqual(desired, reported) ? undefined : desired;
  const differing = Object.entries(desired).flatMap(([key, value]) => {
    const other = Object.hasOwn(reported, key) ? reported[key] : undefined;
    const delta = other === undefined ? value : difference(value, other);
    return delta === undefined ? [] : [[key, delta] as const];
  });
  return differing.length === 0 ? undefined : Object.fromEntries(differing);
}

function metadataOf(delta: JsonObject, metadata: JsonObject): JsonObject {
  const entries = Object.entries(delta).flatMap(([key, value]) => {
    const stamps = metadata[key];
    if (stamps === undefined) return [];
    return [[key, isJsonObject(value) && isJsonObject(stamps) ? metadataOf(value, stamps) : stamps] as const];
  });
  return Object.fromEntries(entries);
}

function nonEmpty(object: JsonObject): JsonObject | undefined {
  return Object.keys(object).length === 0 ? undefined : object;
}

/** Without the sections that are not there, so that it is as JSON has it. */
function present(sections: ShadowSections): ShadowSections {
  return Object.fromEntries(Object.entries(sections).filter(([, section]) => section !== undefined));
}
