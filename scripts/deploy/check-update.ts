import { messageOf } from '../../components/common/errors.ts';
import { type ConfigurationUpdate, isJsonObject, type JsonObject, type JsonValue, parsePointer } from '../local-nucleus/config-store.ts';

/**
 * Compares an update with the configuration a component's recipe knows.
 *
 * @param found receives what is wrong, and what only looks so
 */
export function checkUpdate(component: { name: string; update: ConfigurationUpdate; defaults: JsonObject }, found: { problems: string[]; notes: string[] }): void {
  const { name, update, defaults } = component;
  for (const pointer of update.RESET ?? []) {
    try {
      checkPath({ name, defaults, path: parsePointer(pointer) }, found);
    } catch (error) {
      found.problems.push(`${name}: ${messageOf(error)}`);
    }
  }
  for (const path of leavesOf(update.MERGE ?? {})) checkPath({ name, defaults, path }, found);
}

function checkPath({ name, defaults, path }: { name: string; defaults: JsonObject; path: readonly string[] }, found: { problems: string[]; notes: string[] }): void {
  let value: JsonValue | undefined = defaults;
  for (const [depth, key] of path.entries()) {
    const pointer = `/${path.slice(0, depth + 1).join('/')}`;
    if (!isJsonObject(value)) {
      const what = Array.isArray(value) ? 'a list, which is replaced as a whole' : `${JSON.stringify(value)}, which has no keys`;
      found.problems.push(`${name}: ${pointer} cannot be changed, because /${path.slice(0, depth).join('/')} is ${what}. Give a value for that.`);
      return;
    }
    const spelled: string | undefined = Object.keys(value).find((one) => one.toLowerCase() === key.toLowerCase());
    if (spelled === undefined) {
      if (depth === 0) found.notes.push(`${name}: the recipe has no default for ${pointer}; it has ${Object.keys(value).join(', ') || 'none at all'}.`);
      return;
    }
    value = value[spelled];
  }
}

function leavesOf(value: JsonValue, path: readonly string[] = []): (readonly string[])[] {
  if (!isJsonObject(value) || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}
