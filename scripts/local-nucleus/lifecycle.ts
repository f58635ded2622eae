import { z } from 'zod';
import { anyCaseObject, isObject } from './canonical-keys.ts';
import { describeIssue } from './describe-issue.ts';

/** The steps this nucleus runs, with their time limits in milliseconds; `run` has none. */
export const defaultTimeoutsMs = { bootstrap: 120_000, install: 120_000, startup: 120_000, run: undefined, shutdown: 15_000, recover: 60_000, uninstall: 120_000 } as const;

export type StepName = keyof typeof defaultTimeoutsMs;
export const stepNames = Object.keys(defaultTimeoutsMs) as StepName[];

/** One step as the recipe has it: texts may hold recipe variables. */
export type Step = {
  readonly script: string;
  readonly requiresPrivilege: boolean;
  readonly skipIf?: string | undefined;
  /** Seconds. */
  readonly timeout?: string | number | undefined;
  readonly setenv: Readonly<Record<string, string>>;
};

/** A component's lifecycle before its variables are replaced. */
export type Lifecycle = {
  readonly setenv: Readonly<Record<string, string>>;
  /** Seconds without an error after which earlier errors are forgotten. */
  readonly errorResetTime: number;
  readonly steps: Readonly<Partial<Record<StepName, Step>>>;
  /** Keys that nothing here reads, such as a typing mistake. */
  readonly ignored: readonly string[];
};

export const skipIfPattern = /^\s*(!)?\s*(exists|onpath) +(.+?)\s*$/;

const setenv = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected names of letters, digits and _'),
    z.union([z.string(), z.number(), z.boolean()], 'expected text').transform(String),
  )
  .default({});

const stepMap = anyCaseObject({
  Script: z.string().min(1),
  RequiresPrivilege: z.union([z.boolean(), z.literal('true'), z.literal('false')], 'expected true or false').default(false),
  Skipif: z.string().regex(skipIfPattern, 'expected "exists <path>" or "onpath <program>", with "!" in front to negate').optional(),
  Timeout: z.union([z.number().positive(), z.string()], 'expected seconds').optional(),
  Setenv: setenv,
}).transform((map): Step => ({ script: map.Script, requiresPrivilege: String(map.RequiresPrivilege) === 'true', skipIf: map.Skipif, timeout: map.Timeout, setenv: map.Setenv }));

const plainStep = z
  .string()
  .min(1)
  .transform((script): Step => ({ script, requiresPrivilege: false, setenv: {} }));

// Two schemas chosen by type rather than a union: a union would report only that neither fits.
const step = z.unknown().transform((value, context): Step => {
  const parsed = (typeof value === 'string' ? plainStep : stepMap).safeParse(value, { error: describeIssue });
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue({ code: 'custom', path: issue.path, message: isObject(value) || typeof value === 'string' ? issue.message : 'expected a script or a map with Script' });
  return z.NEVER;
});

const knownKeys = anyCaseObject({
  bootstrap: step.optional(),
  install: step.optional(),
  startup: step.optional(),
  run: step.optional(),
  shutdown: step.optional(),
  recover: step.optional(),
  uninstall: step.optional(),
  Setenv: setenv,
  errorResetTime: z.coerce.number().positive().default(3600),
});

/** Checks a lifecycle map, after platform selection, and brings it into one form. */
export const lifecycleSchema = z.unknown().transform((value, context): Lifecycle => {
  const parsed = knownKeys.safeParse(value, { error: describeIssue });
  if (!parsed.success) {
    for (const issue of parsed.error.issues) context.addIssue({ code: 'custom', path: issue.path, message: issue.message });
    return z.NEVER;
  }
  const { Setenv, errorResetTime, ...given } = parsed.data;
  const steps = Object.fromEntries(Object.entries(given).filter(([, content]) => content !== undefined));
  return { setenv: Setenv, errorResetTime, steps, ignored: ignoredKeys(value) };
});

function ignoredKeys(value: unknown): string[] {
  const known = [...stepNames, 'setenv', 'errorresettime'];
  return isObject(value) ? Object.keys(value).filter((key) => !known.includes(key.toLowerCase())) : [];
}
