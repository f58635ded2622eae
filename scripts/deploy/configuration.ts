import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { type ConfigurationUpdate, type JsonObject, type JsonValue, mergeJson, parsePointer } from '../local-nucleus/config-store.ts';

/** One change of a component's configuration; without a value it goes back to the recipe's default. */
export type Change = { readonly component: string; readonly pointer: string; readonly value?: JsonValue };

/**
 * @param text `component:/json/pointer=value`, the value in JSON; what is no JSON is text
 * @throws FescueError `invalid-argument`
 */
export function parseSetting(text: string): Change {
  const [, component, pointer, value] = /^([\w.-]+):([^=]*)=(.*)$/s.exec(text) ?? [];
  if (component === undefined || pointer === undefined || value === undefined) throw new FescueError('invalid-argument', `Expected component:/key=value, such as dev.fescue.Inference:/ScoreThreshold=0.5, got ${JSON.stringify(text)}.`);
  const parsed = jsonOrText(value);
  if (parsePointer(pointer).length === 0 && !isObject(parsed)) throw new FescueError('invalid-argument', `The whole configuration of ${component} can only be set to an object; name one key, such as ${component}:/Key=value.`);
  return { component, pointer, value: parsed };
}

/** @param text `component:/json/pointer`; `component:` resets everything. @throws FescueError `invalid-argument` */
export function parseReset(text: string): Change {
  const [, component, pointer] = /^([\w.-]+):(.*)$/s.exec(text) ?? [];
  if (component === undefined || pointer === undefined) throw new FescueError('invalid-argument', `Expected component:/key, such as dev.fescue.Inference:/ScoreThreshold, got ${JSON.stringify(text)}.`);
  parsePointer(pointer);
  return { component, pointer };
}

/** One update per component: those of files first, then each change in turn. */
export function updatesOf(files: Readonly<Record<string, ConfigurationUpdate>>, changes: readonly Change[]): Record<string, ConfigurationUpdate> {
  const updates: Record<string, ConfigurationUpdate> = { ...files };
  for (const change of changes) updates[change.component] = withChange(updates[change.component] ?? {}, change);
  return updates;
}

function withChange(update: ConfigurationUpdate, { pointer, value }: Change): ConfigurationUpdate {
  if (value === undefined) return { ...update, RESET: [...(update.RESET ?? []), pointer] };
  const nested = parsePointer(pointer).reduceRight<JsonValue>((inner, key) => ({ [key]: inner }), value);
  return { ...update, MERGE: mergeJson(update.MERGE ?? {}, nested) as JsonObject };
}

const updateFile = z.union([
  z.strictObject({ MERGE: z.record(z.string(), z.json()).optional(), RESET: z.array(z.string()).optional() }).transform(({ MERGE, RESET }) => ({ ...(MERGE && { MERGE }), ...(RESET && { RESET }) })),
  z.record(z.string(), z.json()).transform((MERGE) => ({ MERGE })),
]);

/**
 * Reads the configuration of a component: an object of keys, or one of `MERGE` and `RESET`.
 *
 * @throws FescueError `invalid-argument` when it is neither
 */
export async function readUpdate(file: string): Promise<ConfigurationUpdate> {
  try {
    return updateFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof z.ZodError ? 'it holds no object' : messageOf(error);
    throw new FescueError('invalid-argument', `Configuration file ${file} cannot be used: ${reason}. Expected a JSON object of configuration keys, or {"MERGE": {…}, "RESET": ["/key"]}.`, { cause: error });
  }
}

function jsonOrText(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function isObject(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
