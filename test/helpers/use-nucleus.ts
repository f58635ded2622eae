import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import type { ConfigurationUpdate } from '../../scripts/local-nucleus/config-store.ts';
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

export type TestNucleus = {
  nucleus: LocalNucleus;
  events: NucleusEvent[];
  /** Writes the recipes and artifacts and deploys `components`. */
  deploy: (deployment: { recipes: object[]; components: Record<string, string>; artifacts?: Record<string, string | Uint8Array>; configuration?: Record<string, ConfigurationUpdate> }) => Promise<void>;
  /** What a component wrote, line by line. */
  output: (component: string) => string[];
  state: (component: string) => string | undefined;
};

/**
 * Starts a nucleus in a folder of its own. When the test ends it is stopped, and no process that printed `pid <n>` may
 * be left.
 */
export async function useNucleus(options: Partial<NucleusOptions> = {}): Promise<TestNucleus> {
  const folder = await temporaryFolder();
  const events: NucleusEvent[] = [];
  const nucleus = new LocalNucleus({ root: join(folder, 'root'), environment: process.env, onEvent: (event) => events.push(event), ...options });
  onTestFinished(async () => {
    await nucleus.stop();
    const started = events.flatMap((event) => (event.kind === 'log' && /^pid \d+$/.test(event.text) ? [Number(event.text.slice(4))] : []));
    const left = started.filter((pid) => isAlive(pid));
    if (left.length > 0) throw new Error(`components left processes behind: ${left.join(', ')}`);
  });
  await nucleus.start();
  return {
    nucleus,
    events,
    deploy: async ({ recipes, components, artifacts = {}, configuration = {} }) => {
      const recipeDir = join(folder, 'recipes');
      const artifactDir = join(folder, 'artifacts');
      await mkdir(recipeDir, { recursive: true });
      for (const [index, recipe] of recipes.entries()) await writeFile(join(recipeDir, `${index}.yaml`), stringify(recipe));
      for (const [path, content] of Object.entries(artifacts)) {
        await mkdir(dirname(join(artifactDir, path)), { recursive: true });
        await writeFile(join(artifactDir, path), content);
      }
      await nucleus.deploy({ recipeDir, artifactDir, components, configuration });
    },
    output: (component) => events.flatMap((event) => (event.kind === 'log' && event.component === component ? [event.text] : [])),
    state: (component) => nucleus.components().find(({ name }) => name === component)?.state,
  };
}
