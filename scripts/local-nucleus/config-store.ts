import { FescueError } from '../../components/common/errors.ts';
import { isObject } from './canonical-keys.ts';

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

/** A change of a component's configuration, as greengrass-cli takes it: resets come first. */
export type ConfigurationUpdate = {
  /** Merged into the configuration, key by key; lists and plain values replace what was there. */
  readonly MERGE?: JsonObject;
  /** JSON pointers whose values go back to the recipe's default; `""` resets everything. */
  readonly RESET?: readonly string[];
};

/** One component's configuration as it is kept: its values, and when components changed which leaf, in milliseconds since 1970. */
export type StoredConfiguration = { readonly values: JsonObject; readonly changes: { readonly path: string[]; readonly timestampMs: number }[] };

type Subscription = { readonly component: string; readonly keyPath: readonly string[]; readonly listener: (keyPath: string[]) => void };

/** The configuration of every component. Key paths are matched in any case, as the classic nucleus does. */
export class ConfigStore {
  readonly #values = new Map<string, JsonObject>();
  /** By component, then by the leaf's path as JSON. */
  readonly #timestamps = new Map<string, Map<string, number>>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #onMerge: () => void;

  /** @param onMerge called after each change a component made */
  constructor(onMerge: () => void = () => undefined) {
    this.#onMerge = onMerge;
  }

  /** Replaces a component's configuration and tells the subscribers what differs. */
  set(component: string, configuration: JsonObject): void {
    const before = this.#values.get(component) ?? {};
    this.#values.set(component, structuredClone(configuration));
    const changes = changedLeaves(before, configuration);
    for (const path of changes) this.#timestamps.get(component)?.delete(JSON.stringify(path));
    this.#notify(component, changes);
  }

  /** Forgets a component, as when it is removed. */
  remove(component: string): void {
    this.#values.delete(component);
    this.#timestamps.delete(component);
  }

  /** Everything there is, to be kept and given to `restore`. */
  export(): Record<string, StoredConfiguration> {
    const stored = [...this.#values].map(([component, values]) => {
      const changes = [...(this.#timestamps.get(component) ?? [])].map(([path, timestampMs]) => ({ path: JSON.parse(path) as string[], timestampMs }));
      return [component, { values: structuredClone(values), changes }] as const;
    });
    return Object.fromEntries(stored);
  }

  /** Puts everything back as it was exported; subscribers are told what differs. */
  restore(stored: Readonly<Record<string, StoredConfiguration>>): void {
    for (const component of this.#values.keys()) if (!Object.hasOwn(stored, component)) this.remove(component);
    for (const [component, { values, changes }] of Object.entries(stored)) {
      this.set(component, values);
      this.#timestamps.set(component, new Map(changes.map(({ path, timestampMs }) => [JSON.stringify(path), timestampMs])));
    }
  }

  /** @returns a copy, or undefined for an unknown component */
  get(component: string): JsonObject | undefined {
    const value = this.#values.get(component);
    return value === undefined ? undefined : structuredClone(value);
  }

  /** What lies at a key path, and the last key as it is spelled there; undefined when it is missing. */
  find(component: string, keyPath: readonly string[]): { key: string; value: JsonValue } | undefined {
    let found: { key: string; value: JsonValue } = { key: '', value: this.#values.get(component) ?? {} };
    for (const wanted of keyPath) {
      const key = isJsonObject(found.value) ? spelledIn(found.value, wanted) : undefined;
      if (key === undefined || !isJsonObject(found.value)) return undefined;
      found = { key, value: found.value[key] ?? null };
    }
    return structuredClone(found);
  }

  /**
   * Merges a value below a key path.
   *
   * @param timestampMs when the change was made; milliseconds since 1970
   * @returns false, with nothing changed, when a later change of one of the leaves is already stored
   */
  merge(component: string, keyPath: readonly string[], value: JsonValue, timestampMs: number): boolean {
    const before = this.#values.get(component) ?? {};
    const after = mergeJson(before, keyPath.reduceRight<JsonValue>((inner, key) => ({ [key]: inner }), value)) as JsonObject;
    const changes = changedLeaves(before, after);
    const stamps = this.#timestamps.get(component) ?? new Map<string, number>();
    const leaves = changes.map((path) => JSON.stringify(path));
    if (leaves.some((leaf) => (stamps.get(leaf) ?? 0) > timestampMs)) return false;
    for (const leaf of leaves) stamps.set(leaf, timestampMs);
    this.#timestamps.set(component, stamps);
    this.#values.set(component, after);
    this.#onMerge();
    this.#notify(component, changes);
    return true;
  }

  /** Calls `listener` with the path of every leaf that changes at or below `keyPath`. @returns the way to end that */
  subscribe(component: string, keyPath: readonly string[], listener: (keyPath: string[]) => void): () => void {
    const subscription = { component, keyPath, listener };
    this.#subscriptions.add(subscription);
    return () => this.#subscriptions.delete(subscription);
  }

  #notify(component: string, changes: readonly string[][]): void {
    for (const subscription of this.#subscriptions) {
      if (subscription.component !== component) continue;
      const below = (path: readonly string[]): boolean => subscription.keyPath.every((key, index) => path[index]?.toLowerCase() === key.toLowerCase());
      for (const path of changes.filter(below)) subscription.listener(path);
    }
  }
}

/**
 * A component's configuration before its first start: the recipe's defaults with the operator's update.
 *
 * @throws FescueError `invalid-argument` on a RESET pointer that is none
 */
export function applyUpdate(defaults: JsonObject, current: JsonObject, update: ConfigurationUpdate): JsonObject {
  const reset = (update.RESET ?? []).reduce((value, pointer) => resetAt(value, defaults, parsePointer(pointer)), current);
  // Defaults a newer recipe brings appear too, without touching what was set.
  return mergeJson(mergeJson(defaults, reset), update.MERGE ?? {}) as JsonObject;
}

function resetAt(value: JsonObject, defaults: JsonObject, [key, ...rest]: readonly string[]): JsonObject {
  if (key === undefined) return structuredClone(defaults);
  const { [key]: held, ...others } = value;
  const fallback = defaults[key];
  if (rest.length > 0 && isJsonObject(held)) return { ...others, [key]: resetAt(held, isJsonObject(fallback) ? fallback : {}, rest) };
  return fallback === undefined ? others : { ...others, [key]: structuredClone(fallback) };
}

/** @throws FescueError `invalid-argument` when it is no JSON pointer (RFC 6901) */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new FescueError('invalid-argument', `"${pointer}" is no JSON pointer: expected "" or a text that begins with "/", such as "/ScoreThreshold".`);
  return pointer.slice(1).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Objects merge key by key, whatever the case of the keys; anything else is replaced. */
export function mergeJson(target: JsonValue, source: JsonValue): JsonValue {
  if (!isJsonObject(target) || !isJsonObject(source)) return structuredClone(source);
  const merged: JsonObject = structuredClone(target);
  for (const [given, value] of Object.entries(source)) {
    const key = spelledIn(merged, given) ?? given;
    const existing = merged[key];
    merged[key] = existing === undefined ? structuredClone(value) : mergeJson(existing, value);
  }
  return merged;
}

function changedLeaves(before: JsonValue | undefined, after: JsonValue | undefined, path: string[] = []): string[][] {
  if (isJsonObject(before) && isJsonObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => changedLeaves(before[key], after[key], [...path, key]));
  }
  if (isJsonObject(after) && Object.keys(after).length > 0) return Object.entries(after).flatMap(([key, value]) => changedLeaves(undefined, value, [...path, key]));
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
}

function spelledIn(object: JsonObject, wanted: string): string | undefined {
  return Object.keys(object).find((key) => key.toLowerCase() === wanted.toLowerCase());
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return isObject(value);
}
