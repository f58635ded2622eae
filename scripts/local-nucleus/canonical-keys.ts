import { z } from 'zod';

/**
 * A zod object whose property names may come in any case, as the classic nucleus reads recipes. Inside, the names are
 * spelled as in `shape`. Other properties are dropped, as the nucleus does.
 */
export function anyCaseObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.preprocess((value, context) => canonicalKeys(value, Object.keys(shape), context), z.object(shape));
}

function canonicalKeys(value: unknown, names: readonly string[], context: z.core.$RefinementCtx): unknown {
  if (!isObject(value)) return value;
  const spelled = new Map<string, string>();
  const canonical: Record<string, unknown> = {};
  for (const [key, content] of Object.entries(value)) {
    const name = names.find((candidate) => candidate.toLowerCase() === key.toLowerCase());
    if (name === undefined) continue;
    const earlier = spelled.get(name);
    if (earlier !== undefined) context.addIssue({ code: 'custom', message: `has both "${earlier}" and "${key}", which are the same property; keep one` });
    spelled.set(name, key);
    canonical[name] = content;
  }
  return canonical;
}

/** Whether a parsed YAML or JSON value is a mapping. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One of `values` in any case, normalised to the given spelling. */
export function anyCaseEnum<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.preprocess((value) => (typeof value === 'string' ? (values.find((one) => one.toLowerCase() === value.toLowerCase()) ?? value) : value), z.enum(values));
}
