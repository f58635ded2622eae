import { createHash } from 'node:crypto';
import { FescueError, messageOf } from '../../components/common/errors.ts';
import { applyUpdate, type ConfigurationUpdate, type JsonObject } from './config-store.ts';
import { findArtifacts, type FoundArtifact } from './install.ts';
import { interpolateLifecycle, type ResolvedLifecycle, type Variables } from './interpolate.ts';
import { type PlatformAttributes, selectManifest } from './platform.ts';
import type { PosixUser } from './posix-user.ts';
import type { Manifest, Recipe } from './recipe.ts';
import type { Store } from './store.ts';

/** What a version is made of: SHA-256 of its recipe, and of its artifacts with their names and permissions; hexadecimal. */
export type Content = { readonly recipe: string; readonly artifacts: string };

/** A component that is ready to be installed and run. */
export type PlannedComponent = {
  readonly recipe: Recipe;
  readonly manifest: Manifest;
  /** Where its artifacts are now; undefined when they are in the store and were checked before. */
  readonly artifacts: readonly FoundArtifact[] | undefined;
  readonly content: Content;
  readonly configuration: JsonObject;
  readonly lifecycle: ResolvedLifecycle;
  /** Undefined for the user of this process. */
  readonly user: PosixUser | undefined;
  /** Differs whenever anything that the running component is made from does. */
  readonly fingerprint: string;
};

export type PlanContext = {
  readonly store: Store;
  readonly host: PlatformAttributes;
  readonly thingName: string;
  /** A component's configuration as it is now. */
  readonly currentConfiguration: (component: string) => JsonObject | undefined;
  readonly userOf: (component: string) => Promise<PosixUser | undefined>;
};

/** Which recipes, and what is changed along with them. */
export type PlanRequest = {
  /** Dependencies before their dependents. */
  readonly recipes: readonly Recipe[];
  readonly artifactDir?: string | undefined;
  readonly configuration?: Readonly<Record<string, ConfigurationUpdate>>;
  /** The content of versions that are in the store and are not looked at again. */
  readonly knownContent?: (component: string) => Content | undefined;
};

/**
 * Works out everything that running the recipes needs, without changing anything.
 *
 * @returns the components, in the order of the recipes
 * @throws FescueError with one paragraph per problem: platform, artifacts, configuration, variables, users
 */
export async function planComponents(request: PlanRequest, context: PlanContext): Promise<PlannedComponent[]> {
  const problems: string[] = [];
  const chosen = request.recipes.flatMap((recipe) => chooseManifest(recipe, request, context, problems) ?? []);
  refuse(problems);
  const variables = Object.fromEntries(chosen.map(({ recipe, configuration }) => [recipe.name, variablesOf(recipe, configuration, context)]));
  const components: PlannedComponent[] = [];
  for (const one of chosen) {
    try {
      components.push(await planComponent(one, { request, context, variables, problems }));
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      problems.push(messageOf(error));
    }
  }
  refuse(problems);
  return components;
}

type Chosen = { readonly recipe: Recipe; readonly manifest: Manifest; readonly configuration: JsonObject };
type Planning = { readonly request: PlanRequest; readonly context: PlanContext; readonly variables: Readonly<Record<string, Variables>>; readonly problems: string[] };

async function planComponent({ recipe, manifest, configuration }: Chosen, { request, context, variables, problems }: Planning): Promise<PlannedComponent> {
  const known = request.knownContent?.(recipe.name);
  const search = known === undefined ? await findArtifacts({ recipe, manifest, store: context.store, artifactDir: request.artifactDir }) : undefined;
  const content = known ?? { recipe: sha256(recipe.text), artifacts: sha256(search?.fingerprint ?? '') };
  const lifecycle = resolveLifecycle(recipe, manifest, variables, problems);
  const user = await context.userOf(recipe.name);
  // Of the recipe only what runs counts: another description is no reason for a restart.
  const dependencies = Object.entries(recipe.dependencies).map(([name, { type }]) => [name, type]);
  const fingerprint = JSON.stringify([recipe.version, lifecycle, dependencies, content.artifacts, user]);
  return { recipe, manifest, artifacts: search?.found, content, configuration, lifecycle, user, fingerprint };
}

function chooseManifest(recipe: Recipe, request: PlanRequest, context: PlanContext, problems: string[]): Chosen | undefined {
  const manifest = selectManifest(recipe.manifests, context.host);
  if (manifest === undefined) {
    problems.push(`Component ${recipe.name} ${recipe.version} has no manifest for this device, which is ${describePlatform(context.host)}; its recipe ${recipe.path} has ${recipe.manifests.map(({ platform }) => describePlatform(platform)).join(', or ')}. Add a manifest for this platform.`);
    return undefined;
  }
  const configuration = applyUpdate(recipe.defaultConfiguration, context.currentConfiguration(recipe.name) ?? {}, request.configuration?.[recipe.name] ?? {});
  return { recipe, manifest, configuration };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function variablesOf(recipe: Recipe, configuration: JsonObject, { store, thingName }: PlanContext): Variables {
  const { artifacts, unarchived } = store.files(recipe.name, recipe.version);
  return { artifactsPath: artifacts, decompressedPath: unarchived, workPath: store.work(recipe.name), rootPath: store.root, thingName, configuration };
}

function resolveLifecycle(recipe: Recipe, manifest: Manifest, variables: Readonly<Record<string, Variables>>, problems: string[]): ResolvedLifecycle {
  const own = variables[recipe.name];
  if (own === undefined) throw new Error(`no variables for ${recipe.name}`);
  const dependencies = Object.fromEntries(Object.entries(variables).filter(([name]) => Object.hasOwn(recipe.dependencies, name)));
  const resolved = interpolateLifecycle({ component: recipe.name, lifecycle: manifest.lifecycle, own, dependencies });
  problems.push(...resolved.problems.map((problem) => `${problem} The recipe is ${recipe.path}.`));
  return resolved.lifecycle;
}

function describePlatform(platform: PlatformAttributes): string {
  return Object.entries(platform).map(([key, value]) => `${key} ${value}`).join(' and ') || 'any platform';
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new FescueError('failed-precondition', problems.join('\n'));
}
