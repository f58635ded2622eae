import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { FescueError } from '../../components/common/errors.ts';
import { makeArtifacts } from './artifacts.ts';
import { inCheckout } from './paths.ts';
import { architectureNames, componentNames, components, productPublisher, recipeText, type Component } from './recipes.ts';

/** GDK takes one component per folder: where those of this checkout are. */
export const gdkFolders: Readonly<Record<string, string>> = {
  [componentNames.inference]: '.',
  [componentNames.runtime]: 'components/runtime',
  [componentNames.agent]: 'components/agent',
  [componentNames.model]: 'components/models/efficientnet-lite0',
};

/** The version of GDK that the projects were tried with. */
const gdkVersion = '1.6.2';

/** The files that make folders of this checkout projects of GDK, by their path. */
export function gdkFiles(): (readonly [path: string, text: string])[] {
  return components().flatMap((component) => {
    const folder = folderOf(component.name);
    const bootstrap = join(relative(folder, '.'), 'scripts/bootstrap.mjs');
    const config = gdkConfig(component, { author: productPublisher, command: ['node', bootstrap, 'scripts/gdk-build.ts', component.name] });
    return [[join(folder, 'gdk-config.json'), config], [join(folder, 'recipe.yaml'), recipeText(component)]] as const;
  });
}

/**
 * The text of a `gdk-config.json`.
 *
 * @param options.command the program and its arguments: GDK starts it in the project's folder, without a shell
 */
export function gdkConfig({ name, version }: Component, options: { author: string; command: readonly string[] }): string {
  const build = { build_system: 'custom', custom_build_command: options.command };
  // The words of GDK's own templates; neither is a bucket or region, and both have flags.
  const publish = { bucket: '<PLACEHOLDER_BUCKET>', region: '<PLACEHOLDER_REGION>' };
  return `${JSON.stringify({ component: { [name]: { author: options.author, version, build, publish } }, gdk_version: gdkVersion }, null, 2)}\n`;
}

/**
 * Builds one component as GDK's publish takes it: `greengrass-build` in its folder, with the recipe, and the artifacts
 * flat below name and version.
 *
 * @throws FescueError `invalid-argument` for a name that is no component of this checkout
 */
export async function buildGdkProject(name: string, progress: (text: string) => void): Promise<void> {
  const component = components().find((one) => one.name === name);
  if (component === undefined) throw new FescueError('invalid-argument', `${name} is no component of this checkout. Expected one of ${Object.values(componentNames).join(', ')}.`);
  const project = inCheckout(folderOf(name));
  const output = join(project, 'greengrass-build');
  await rm(output, { recursive: true, force: true });
  await mkdir(join(output, 'recipes'), { recursive: true });
  await copyFile(join(project, 'recipe.yaml'), join(output, 'recipes/recipe.yaml'));
  const version = await configuredVersion(project, name);
  await makeArtifacts(component, { folder: join(output, 'artifacts', name, version), mapFolder: inCheckout('build/source-maps', name, version), architectures: architectureNames, progress });
}

/** GDK names the folder by the text in the configuration, be it NEXT_PATCH. */
async function configuredVersion(project: string, name: string): Promise<string> {
  const { component } = JSON.parse(await readFile(join(project, 'gdk-config.json'), 'utf8')) as { component: Record<string, { version: string } | undefined> };
  const version = component[name]?.version;
  if (version === undefined) throw new FescueError('failed-precondition', `${join(project, 'gdk-config.json')} gives ${name} no version. Run npm run render.`);
  return version;
}

function folderOf(name: string): string {
  return gdkFolders[name] ?? '.';
}
