/** `npm run build`: makes the recipes and artifacts of all components below `build/`. */
import { relative } from 'node:path';
import { buildComponents } from './packaging/build-components.ts';
import { inCheckout } from './packaging/paths.ts';

const { recipeDir, artifactDir, components } = await buildComponents({ folder: inCheckout('build'), onProgress: (text) => process.stderr.write(`${text}\n`) });
for (const [name, version] of Object.entries(components)) process.stdout.write(`${name} ${version}\n`);
process.stdout.write(`Recipes: ${relative('', recipeDir)}\nArtifacts: ${relative('', artifactDir)}\n`);
