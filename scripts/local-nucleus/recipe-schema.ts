import { parse, validRange } from 'semver';
import { z } from 'zod';
import { messageOf } from '../../components/common/errors.ts';
import { anyCaseEnum, anyCaseObject } from './canonical-keys.ts';
import { type Lifecycle, lifecycleSchema } from './lifecycle.ts';
import { platformPattern, selectLifecycle } from './platform.ts';

const componentName = z
  .string()
  .max(128)
  .regex(/^(?!\.+$)[a-zA-Z0-9-_.]+$/, 'expected letters, digits, -, _ and .');

const componentVersion = z.string().max(64).refine(isVersion, { error: (issue) => `expected a semantic version such as 1.0.0, got ${JSON.stringify(issue.input)}` });

const dependency = anyCaseObject({
  VersionRequirement: z.string().refine((text) => validRange(text) !== null, { error: (issue) => `expected a version range such as ">=1.0.0 <2.0.0", got ${JSON.stringify(issue.input)}` }),
  DependencyType: anyCaseEnum(['HARD', 'SOFT']).default('HARD'),
}).transform((given) => ({ range: given.VersionRequirement, type: given.DependencyType }));

const permission = anyCaseEnum(['NONE', 'OWNER', 'ALL']);

const artifact = anyCaseObject({
  Uri: z.string().regex(/^[a-z0-9+.-]+:\/*[^\s]*[^/\s]$/i, 'expected a URI such as s3://bucket/folder/file.zip'),
  Unarchive: anyCaseEnum(['NONE', 'ZIP']).default('NONE'),
  Permission: anyCaseObject({ Read: permission.default('OWNER'), Execute: permission.default('NONE') }).default({ Read: 'OWNER', Execute: 'NONE' }),
  Digest: z.string().optional(),
  Algorithm: z.string().optional(),
}).transform((given) => ({
  uri: given.Uri,
  fileName: given.Uri.slice(given.Uri.lastIndexOf('/') + 1),
  unarchive: given.Unarchive,
  read: given.Permission.Read,
  execute: given.Permission.Execute,
  digest: given.Digest,
  algorithm: given.Algorithm,
}));

const platformValue = z.string().superRefine((text, context) => {
  try {
    if (platformPattern(text) === undefined && !/^(\*|[a-zA-Z0-9].*)$/.test(text)) {
      context.addIssue({ code: 'custom', message: `expected "*", a label or a /regular expression/, got ${JSON.stringify(text)}` });
    }
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
  }
});

const manifest = anyCaseObject({
  Name: z.string().optional(),
  Platform: z.record(z.string(), platformValue).default({}),
  Lifecycle: z.record(z.string(), z.unknown()).superRefine(checkOwnLifecycle).default({}),
  Selections: z.array(z.string()).default([]),
  Artifacts: z.array(artifact).superRefine(refuseSameFileName).default([]),
});

const recipeShape = anyCaseObject({
  RecipeFormatVersion: z.literal('2020-01-25'),
  ComponentName: componentName,
  ComponentVersion: componentVersion,
  ComponentDescription: z.string().optional(),
  ComponentPublisher: z.string().optional(),
  ComponentType: anyCaseEnum(['aws.greengrass.generic']).default('aws.greengrass.generic'),
  ComponentConfiguration: anyCaseObject({ DefaultConfiguration: z.record(z.string(), z.json()).default({}) }).default({ DefaultConfiguration: {} }),
  ComponentDependencies: z.record(componentName, dependency).default({}),
  Manifests: z.array(manifest).min(1),
  Lifecycle: z.record(z.string(), z.unknown()).default({}),
});

/** A whole recipe, in our own names; every manifest with the lifecycle that holds for it. */
export const recipeSchema = recipeShape.transform((given, context) => {
  const keywords = new Set(given.Manifests.flatMap((one) => one.Selections));
  const manifests = given.Manifests.map((one, index) => {
    const own = Object.keys(one.Lifecycle).length > 0;
    const source = own ? one.Lifecycle : (selectLifecycle(given.Lifecycle, one.Selections, keywords) ?? {});
    const lifecycle = checkLifecycle(source, own ? ['Manifests', index, 'Lifecycle'] : ['Lifecycle'], context);
    return { platform: one.Platform, lifecycle, artifacts: one.Artifacts };
  });
  return {
    name: given.ComponentName,
    version: given.ComponentVersion,
    dependencies: given.ComponentDependencies,
    defaultConfiguration: given.ComponentConfiguration.DefaultConfiguration,
    manifests,
  };
});

// Checked along with the other keys, so that one report has all problems; the global lifecycle has to wait for them.
function checkOwnLifecycle(lifecycle: Record<string, unknown>, context: z.core.$RefinementCtx): void {
  if (Object.keys(lifecycle).length > 0) checkLifecycle(lifecycle, [], context);
}

function checkLifecycle(source: unknown, path: (string | number)[], context: z.core.$RefinementCtx): Lifecycle {
  const parsed = lifecycleSchema.safeParse(source);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue({ code: 'custom', path: [...path, ...issue.path], message: issue.message });
  return z.NEVER;
}

// Greengrass drops the folders of a key, so two artifacts with one file name would overwrite each other.
function refuseSameFileName(artifacts: readonly { fileName: string }[], context: z.core.$RefinementCtx): void {
  for (const [index, { fileName }] of artifacts.entries()) {
    if (artifacts.findIndex((other) => other.fileName === fileName) !== index) {
      context.addIssue({ code: 'custom', path: [index, 'Uri'], message: `a second artifact named "${fileName}"; file names have to differ, whatever their folders` });
    }
  }
}

function isVersion(text: string): boolean {
  const version = parse(text);
  return version !== null && /^\d/.test(text) && text === text.trim() && Math.max(version.major, version.minor, version.patch) <= 999_999;
}
