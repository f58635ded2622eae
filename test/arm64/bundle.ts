import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigurationUpdate } from '../../scripts/local-nucleus/config-store.ts';
import type { ResolvedStep } from '../../scripts/local-nucleus/interpolate.ts';
import { planComponents, type PlannedComponent } from '../../scripts/local-nucleus/plan.ts';
import { readRecipeFolder } from '../../scripts/local-nucleus/recipe-folder.ts';
import { resolve } from '../../scripts/local-nucleus/resolve.ts';
import { storeAt, type Store } from '../../scripts/local-nucleus/store.ts';
import { buildComponents } from '../../scripts/packaging/build-components.ts';
import { componentNames } from '../../scripts/packaging/recipes.ts';
import { writeProgram } from './emulator.ts';

/** The components for arm64, installed below a Greengrass root as on a device. */
export type Bundle = {
  /** The runtime's Node, which the emulator runs. */
  readonly node: string;
  readonly modules: string;
  readonly workFolder: (component: string) => string;
  /** How the recipe of a component starts it. */
  readonly runStep: (component: string) => ResolvedStep;
};

/**
 * Builds the artifacts for arm64 and does what a nucleus on such a device would: picks the manifests, fills the recipes'
 * variables in, and runs the install steps.
 *
 * @param options.configuration of components, by name
 */
export async function installBundle({ folder, emulator, configuration }: { folder: string; emulator: string; configuration: Record<string, ConfigurationUpdate> }): Promise<Bundle> {
  const build = await buildComponents({ folder: join(folder, 'build'), architectures: ['aarch64'], onProgress: (text) => process.stdout.write(`arm64: ${text}\n`) });
  const store = storeAt(join(folder, 'root'));
  const host = { os: 'linux', architecture: 'aarch64' };
  const roots = { [componentNames.inference]: build.components[componentNames.inference] ?? '' };
  const recipes = resolve({ roots, recipes: await readRecipeFolder(build.recipeDir) });
  const planned = await planComponents(
    { recipes, artifactDir: build.artifactDir, configuration },
    { store, host, thingName: 'arm64', currentConfiguration: () => undefined, userOf: async () => undefined },
  );
  for (const component of planned) install(component, store);
  const runtime = store.work(componentNames.runtime);
  const node = join(runtime, 'bin/node');
  emulate(node, emulator);
  return {
    node,
    modules: join(runtime, 'node_modules'),
    workFolder: store.work,
    runStep: (name) => {
      const step = planned.find(({ recipe }) => recipe.name === name)?.lifecycle.steps.run;
      if (step === undefined) throw new Error(`${name} has no step run`);
      return step;
    },
  };
}

function install({ recipe, artifacts = [], lifecycle }: PlannedComponent, store: Store): void {
  const work = store.work(recipe.name);
  mkdirSync(work, { recursive: true });
  for (const { artifact, source } of artifacts) cpSync(source, join(store.files(recipe.name, recipe.version).artifacts, artifact.fileName));
  if (lifecycle.steps.install !== undefined) execFileSync('sh', ['-c', lifecycle.steps.install.script], { cwd: work, stdio: 'inherit' });
}

/** The system cannot start an arm64 program: a script in its place starts it in the emulator. */
function emulate(program: string, emulator: string): void {
  renameSync(program, `${program}.arm64`);
  writeProgram(program, `exec '${emulator}' '${program}.arm64' "$@"`);
}
