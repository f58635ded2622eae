import { FescueError, messageOf } from '../../components/common/errors.ts';
import { applyUpdate, type ConfigurationUpdate, type JsonObject } from './config-store.ts';
import { findArtifacts, type FoundArtifact } from './install.ts';
import { interpolateLifecycle, type ResolvedLifecycle, type Variables } from './interpolate.ts';
import { type PlatformAttributes, selectManifest } from './platform.ts';
import { readRecipeFolder } from './recipe-folder.ts';
import type { Manifest, Recipe } from './recipe.ts';
import { resolve } from './resolve.ts';
import type { Store } from './store.ts';

/** What to run, as greengrass-cli takes it. */
export type Deployment = {
  readonly recipeDir: string;
  /** Holds `<component>/<version>/<file>`. */
  readonly artifactDir: string;
  /** Component name to version or npm range. */
  readonly components: Readonly<Record<string, string>>;
  readonly configuration?: Readonly<Record<string, ConfigurationUpdate>>;
};

/** A component that is ready to be installed and run. */
export type PlannedComponent = {
  readonly recipe: Recipe;
  readonly manifest: Manifest;
  readonly artifacts: readonly FoundArtifact[];
  readonly configuration: JsonObject;
  readonly lifecycle: ResolvedLifecycle;
  /** Differs whenever anything that the running component is made from does. */
  readonly fingerprint: string;
};

export type PlanContext = {
  readonly store: Store;
  readonly host: PlatformAttributes;
  readonly thingName: string;
  /** A component's configuration from an earlier deployment. */
  readonly currentConfiguration: (component: string) => JsonObject | undefined;
};

/**
 * Works out everything a deployment needs, without changing anything.
 *
 * @returns the components, dependencies before their dependents
 * @throws FescueError with one paragraph per problem: recipes, versions, platform, artifacts, configuration, variables
 */
export async function planDeployment(deployment: Deployment, context: PlanContext): Promise<PlannedComponent[]> {
  const recipes = resolve({ roots: deployment.components, recipes: await readRecipeFolder(deployment.recipeDir) });
  const problems = Object.keys(deployment.configuration ?? {})
    .filter((name) => !recipes.some((recipe) => recipe.name === name))
    .map((name) => `Configuration is given for ${name}, which this deployment does not hold. Components are ${recipes.map((recipe) => recipe.name).join(', ')}; correct --config.`);
  const planned = recipes.flatMap((recipe) => chooseManifest(recipe, deployment, context, problems) ?? []);
  refuse(problems);
  const variables = Object.fromEntries(planned.map(({ recipe, configuration }) => [recipe.name, variablesOf(recipe, configuration, context)]));
  const components: PlannedComponent[] = [];
  for (const { recipe, manifest, configuration } of planned) {
    try {
      const { found, fingerprint } = await findArtifacts({ recipe, manifest, artifactDir: deployment.artifactDir });
      const lifecycle = resolveLifecycle(recipe, manifest, variables, problems);
      components.push({ recipe, manifest, artifacts: found, configuration, lifecycle, fingerprint: JSON.stringify([recipe.version, lifecycle, fingerprint]) });
    } catch (error) {
      if (!(error instanceof FescueError)) throw error;
      problems.push(messageOf(error));
    }
  }
  refuse(problems);
  return components;
}

type Chosen = { recipe: Recipe; manifest: Manifest; configuration: JsonObject };

function chooseManifest(recipe: Recipe, deployment: Deployment, context: PlanContext, problems: string[]): Chosen | undefined {
  const manifest = selectManifest(recipe.manifests, context.host);
  if (manifest === undefined) {
    problems.push(`Component ${recipe.name} ${recipe.version} has no manifest for this device, which is ${describePlatform(context.host)}; its recipe ${recipe.path} has ${recipe.manifests.map(({ platform }) => describePlatform(platform)).join(', or ')}. Add a manifest for this platform.`);
    return undefined;
  }
  const update = deployment.configuration?.[recipe.name] ?? {};
  const configuration = applyUpdate(recipe.defaultConfiguration, context.currentConfiguration(recipe.name) ?? {}, update);
  return { recipe, manifest, configuration };
}

function variablesOf(recipe: Recipe, configuration: JsonObject, { store, thingName }: PlanContext): Variables {
  return {
    artifactsPath: store.artifacts(recipe.name, recipe.version),
    decompressedPath: store.unarchived(recipe.name, recipe.version),
    workPath: store.work(recipe.name),
    rootPath: store.root,
    thingName,
    configuration,
  };
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
