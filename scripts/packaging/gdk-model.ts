import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gdkConfig } from './gdk-project.ts';
import type { Component } from './recipes.ts';

/**
 * Writes a folder in which GDK builds and publishes the component of a model: it needs neither Node nor this checkout.
 * It is apart from the model package, in which an agent takes no file that the manifest does not list.
 *
 * @param model.artifacts the folder of the component's artifacts, of which it gets a copy
 */
export async function writeModelProject(folder: string, model: { component: Component; recipe: string; author: string; artifacts: string }): Promise<void> {
  await mkdir(folder);
  const files = (await readdir(model.artifacts)).toSorted();
  for (const file of files) await copyFile(join(model.artifacts, file), join(folder, file), constants.COPYFILE_FICLONE);
  await writeFile(join(folder, 'recipe.yaml'), model.recipe);
  await writeFile(join(folder, 'build.sh'), buildScript(model.component, files));
  await writeFile(join(folder, 'gdk-config.json'), gdkConfig(model.component, { author: model.author, command: ['sh', 'build.sh'] }));
}

/** Names and versions of components hold nothing that a shell would take for more than text. */
function buildScript({ name, version }: Component, files: readonly string[]): string {
  return `#!/bin/sh
# The build command of gdk-config.json: lays out what \`gdk component publish\` takes. Written by \`fescue package\`.
set -eu
rm -rf greengrass-build
mkdir -p greengrass-build/recipes "greengrass-build/artifacts/${name}/${version}"
cp recipe.yaml greengrass-build/recipes/
cp ${files.join(' ')} "greengrass-build/artifacts/${name}/${version}/"
`;
}
