import type { JsonObject, JsonValue } from './config-store.ts';
import { defaultTimeoutsMs, type Lifecycle, type Step, type StepName, stepNames } from './lifecycle.ts';

/** The values one component's variables stand for. Paths have no trailing slash. */
export type Variables = {
  readonly artifactsPath: string;
  readonly decompressedPath: string;
  readonly workPath: string;
  readonly rootPath: string;
  readonly thingName: string;
  readonly configuration: JsonObject;
};

export type ResolvedStep = {
  readonly script: string;
  readonly requiresPrivilege: boolean;
  readonly skipIf?: string | undefined;
  /** Undefined: no limit. */
  readonly timeoutMs: number | undefined;
  readonly setenv: Readonly<Record<string, string>>;
};

/** A lifecycle without variables, ready to run. Step environments include the lifecycle's. */
export type ResolvedLifecycle = {
  readonly errorResetMs: number;
  readonly steps: Readonly<Partial<Record<StepName, ResolvedStep>>>;
};

export type Interpolation = {
  readonly component: string;
  readonly lifecycle: Lifecycle;
  readonly own: Variables;
  /** The component's direct dependencies by name. */
  readonly dependencies: Readonly<Record<string, Variables>>;
};

type Context = { readonly component: string; readonly where: string; readonly own: Variables; readonly dependencies: Readonly<Record<string, Variables>>; readonly problems: string[] };

/**
 * Replaces the recipe variables of a lifecycle. The values go in as they are, without shell quoting.
 *
 * The real nucleus logs a variable it cannot resolve and leaves the text in place. Here it is a problem, because a
 * script with a raw variable in it never does what was meant. Any other brace is a problem too, `${HOME}` included:
 * nucleus lite cuts the script off there and runs the first half.
 *
 * @returns the lifecycle, and one paragraph per problem; with problems, the lifecycle is not fit to run
 */
export function interpolateLifecycle(request: Interpolation): { lifecycle: ResolvedLifecycle; problems: string[] } {
  const problems: string[] = [];
  const at = (where: string): Context => ({ ...request, where, problems });
  const common = replaceAll(request.lifecycle.setenv, at('Setenv of the lifecycle'));
  const steps = stepNames.flatMap((name) => {
    const step = request.lifecycle.steps[name];
    return step === undefined ? [] : [[name, resolveStep(name, step, common, at(`step ${name}`))] as const];
  });
  return { lifecycle: { errorResetMs: request.lifecycle.errorResetTime * 1000, steps: Object.fromEntries(steps) }, problems };
}

function resolveStep(name: StepName, step: Step, common: Readonly<Record<string, string>>, context: Context): ResolvedStep {
  return {
    script: replace(step.script, context),
    requiresPrivilege: step.requiresPrivilege,
    skipIf: step.skipIf === undefined ? undefined : replace(step.skipIf, context),
    timeoutMs: step.timeout === undefined ? defaultTimeoutsMs[name] : timeoutMs(step.timeout, context),
    setenv: { ...common, ...replaceAll(step.setenv, context) },
  };
}

function timeoutMs(timeout: string | number, context: Context): number {
  const text = replace(String(timeout), context);
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  // Above this a timer fires at once instead of late.
  if (seconds > 0 && seconds * 1000 < 2 ** 31) return seconds * 1000;
  context.problems.push(`Component ${context.component}, ${context.where}: Timeout is ${JSON.stringify(text)}, expected a number of seconds above 0. Correct it in the recipe or the configuration it comes from.`);
  return 1;
}

function replaceAll(texts: Readonly<Record<string, string>>, context: Context): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, replace(text, context)]));
}

function replace(text: string, context: Context): string {
  return text.replaceAll(/\$?\{[^{}\n]*\}?/g, (found) => {
    const value = found.startsWith('{') && found.endsWith('}') ? valueOf(found.slice(1, -1).split(':'), context) : undefined;
    if (value === undefined) context.problems.push(describeProblem(found, context));
    return value ?? found;
  });
}

function valueOf(parts: readonly string[], { own, dependencies }: Context): string | undefined {
  const [first = '', second = '', third] = parts;
  if (parts.length === 2) return lookUp(first, second, own);
  const dependency = Object.hasOwn(dependencies, first) ? dependencies[first] : undefined;
  return parts.length === 3 && third !== undefined && dependency !== undefined ? lookUp(second, third, dependency) : undefined;
}

function lookUp(namespace: string, key: string, variables: Variables): string | undefined {
  if (namespace === 'configuration') {
    const value = atPointer(variables.configuration, key);
    return value === undefined ? undefined : textOf(value);
  }
  return systemVariables(variables).get(`${namespace}:${key}`);
}

function systemVariables(variables: Variables): Map<string, string> {
  return new Map([
    ['artifacts:path', variables.artifactsPath],
    ['artifacts:decompressedPath', variables.decompressedPath],
    ['work:path', variables.workPath],
    ['kernel:rootPath', variables.rootPath],
    ['iot:thingName', variables.thingName],
  ]);
}

/** The value a JSON pointer (RFC 6901) leads to. */
function atPointer(root: JsonObject, pointer: string): JsonValue | undefined {
  if (pointer === '') return root;
  if (!pointer.startsWith('/')) return undefined;
  let value: JsonValue | undefined = root;
  for (const escaped of pointer.slice(1).split('/')) {
    const key = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null) return undefined;
    value = Array.isArray(value) ? (/^(0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined) : Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value, sortKeys);
}

function sortKeys(_key: string, value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function describeProblem(found: string, context: Context): string {
  const subject = `Component ${context.component}, ${context.where}: `;
  if (found.startsWith('$')) {
    return `${subject}${found} is shell syntax with braces, which nucleus lite cuts the script off at. Write $NAME without braces, or move the logic into a script among the artifacts.`;
  }
  if (!/^\{[\w.-]+:/.test(found)) {
    return `${subject}${found} holds a brace that starts no recipe variable, and nucleus lite cuts the script off there. Move this part into a script among the artifacts.`;
  }
  return `${subject}the recipe variable ${found} has no value. Available are ${available(context).join(', ')}. Correct the name, add the key to the configuration, or declare the component under ComponentDependencies.`;
}

function available({ own, dependencies }: Context): string[] {
  const system = [...systemVariables(own).keys()].map((name) => `{${name}}`);
  const keys = Object.keys(own.configuration).map((key) => `{configuration:/${key.replaceAll('~', '~0').replaceAll('/', '~1')}}`);
  const names = Object.keys(dependencies);
  return [...system, ...keys, ...(names.length > 0 ? [`the same with a dependency in front (${names.join(', ')})`] : [])];
}
