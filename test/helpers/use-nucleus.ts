import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import type { ConfigurationUpdate } from '../../scripts/local-nucleus/config-store.ts';
import type { DeploymentOutcome, DeploymentRequest } from '../../scripts/local-nucleus/deployment.ts';
import { LocalNucleus, type NucleusEvent, type NucleusOptions } from '../../scripts/local-nucleus/nucleus.ts';
import { isAlive } from './processes.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type RecipeOptions = {
  version?: string;
  lifecycle?: Record<string, unknown>;
  dependencies?: Record<string, object>;
  configuration?: object;
  artifacts?: object[];
};

/** A recipe for this machine; whatever is not given is absent. */
export function recipeOf(name: string, options: RecipeOptions = {}): object {
  return {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: name,
    ComponentVersion: options.version ?? '1.0.0',
    ...(options.configuration === undefined ? {} : { ComponentConfiguration: { DefaultConfiguration: options.configuration } }),
    ...(options.dependencies === undefined ? {} : { ComponentDependencies: options.dependencies }),
    Manifests: [{ Platform: { os: 'linux', runtime: '*' }, Lifecycle: options.lifecycle ?? {}, Artifacts: options.artifacts ?? [] }],
  };
}

/** Recipes, and artifacts by their path below the folder of artifacts. */
export type Files = { recipes?: object[]; artifacts?: Record<string, string | Uint8Array> };

export type TestNucleus = {
  nucleus: LocalNucleus;
  events: NucleusEvent[];
  /** Writes the recipes and artifacts and deploys `components`, which become all there is. */
  deploy: (deployment: Files & { recipes: object[]; components: Record<string, string>; configuration?: Record<string, ConfigurationUpdate> }) => Promise<void>;
  /** Writes the recipes and artifacts and queues a change. */
  submit: (change: Files & Partial<DeploymentRequest>) => Promise<ReturnType<LocalNucleus['submit']>>;
  /** The same, to its end. */
  change: (change: Files & Partial<DeploymentRequest>) => Promise<DeploymentOutcome>;
  /** What a component wrote, line by line. */
  output: (component: string) => string[];
  state: (component: string) => string | undefined;
};

/** Options of a nucleus that waits long enough to see a component fail on a busy machine. */
export const patient: Partial<NucleusOptions> = { steadyMs: 2_000 };

/** Folders with recipes and artifacts, as a deployment takes them; new ones at every call. */
export async function writeFiles(folder: string, { recipes = [], artifacts = {} }: Files): Promise<{ recipeDir: string; artifactDir: string }> {
  await mkdir(folder, { recursive: true });
  const place = await mkdtemp(join(folder, 'deployment-'));
  const [recipeDir, artifactDir] = [join(place, 'recipes'), join(place, 'artifacts')];
  for (const path of [recipeDir, artifactDir]) await mkdir(path);
  for (const [index, recipe] of recipes.entries()) await writeFile(join(recipeDir, `${index}.yaml`), stringify(recipe));
  for (const [path, content] of Object.entries(artifacts)) {
    await mkdir(dirname(join(artifactDir, path)), { recursive: true });
    await writeFile(join(artifactDir, path), content);
  }
  return { recipeDir, artifactDir };
}

/**
 * Starts a nucleus in a folder of its own, or below the given root. When the test ends it is stopped, and no process that
 * printed `pid <n>` may be left. Tests in which a component fails take `patient`.
 */
export async function useNucleus(options: Partial<NucleusOptions> = {}): Promise<TestNucleus> {
  const folder = await temporaryFolder();
  const events: NucleusEvent[] = [];
  const nucleus = new LocalNucleus({ root: join(folder, 'root'), environment: process.env, steadyMs: 50, onEvent: (event) => events.push(event), ...options });
  onTestFinished(async () => {
    await nucleus.stop();
    const started = events.flatMap((event) => (event.kind === 'log' && /^pid \d+$/.test(event.text) ? [Number(event.text.slice(4))] : []));
    const left = started.filter((pid) => isAlive(pid));
    if (left.length > 0) throw new Error(`components left processes behind: ${left.join(', ')}`);
  });
  await nucleus.start();
  const submit: TestNucleus['submit'] = async ({ recipes = [], artifacts = {}, ...change }) => {
    const request: DeploymentRequest = { add: {}, remove: [], configuration: {}, runWith: {}, failurePolicy: 'ROLLBACK', notifyComponents: false, ...change };
    return nucleus.submit(recipes.length === 0 ? request : { ...(await writeFiles(folder, { recipes, artifacts })), ...request });
  };
  return {
    nucleus,
    events,
    submit,
    change: async (change) => (await submit(change)).done,
    deploy: async ({ recipes, artifacts = {}, components, configuration = {} }) => nucleus.deploy({ ...(await writeFiles(folder, { recipes, artifacts })), components, configuration }),
    output: (component) => events.flatMap((event) => (event.kind === 'log' && event.component === component ? [event.text] : [])),
    state: (component) => nucleus.components().find(({ name }) => name === component)?.state,
  };
}
