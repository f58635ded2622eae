/** `npm run build`: makes the recipes and artifacts of all components, for both architectures, below `build/`. */
import { relative } from 'node:path';
import { Command, Option } from 'commander';
import { runCommand } from '../components/common/command-line.ts';
import { formatTable } from './commands/table.ts';
import { buildComponents } from './packaging/build-components.ts';
import { inCheckout } from './packaging/paths.ts';
import { architectureNames, type Architecture } from './packaging/recipes.ts';

type Options = { architecture: Architecture | 'all'; versions: 'release' | 'dev'; out: string };

const command = new Command('build')
  .usage('[options]')
  .description('Make the recipes and artifacts of all components, in the layout of greengrass-cli.')
  .addOption(new Option('--architecture <architecture>', 'of the runtime; what this machine lacks of the other one comes from the npm registry').choices([...architectureNames, 'all']).default('all'))
  .addOption(new Option('--versions <how>', 'dev gives what changed since the last such build the next patch version').choices(['release', 'dev']).default('release'))
  .addOption(new Option('--out <folder>', 'receives recipes, artifacts and source-maps').default(inCheckout('build'), 'build'))
  .addHelpText(
    'after',
    `
Examples:
  npm run build
  npm run build -- --architecture aarch64
  npm run build -- --versions dev --out /tmp/fescue`,
  )
  .action(run);

async function run({ architecture, versions, out }: Options): Promise<void> {
  const architectures = architecture === 'all' ? architectureNames : [architecture];
  const build = await buildComponents({ folder: out, architectures, versions, onProgress: (text) => process.stderr.write(`${text}\n`) });
  const rows = Object.entries(build.components).flatMap(([name, version]) => (build.artifacts[name] ?? []).map(({ file, bytes, sha256 }) => [name, version, file, (bytes / 1e6).toFixed(2), sha256]));
  process.stdout.write(formatTable([{ title: 'component' }, { title: 'version' }, { title: 'file' }, { title: 'MB', right: true }, { title: 'sha256' }], rows));
  process.stdout.write(`Recipes: ${relative('', build.recipeDir)}\nArtifacts: ${relative('', build.artifactDir)}\n`);
}

void runCommand(command, process.argv);
