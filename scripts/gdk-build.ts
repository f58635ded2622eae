/** The build command of the `gdk-config.json` files here: builds one component into the `greengrass-build` of its folder. */
import { Command } from 'commander';
import { runCommand } from '../components/common/command-line.ts';
import { buildGdkProject } from './packaging/gdk-project.ts';

const command = new Command('gdk-build')
  .description('Build one component of this checkout, as gdk component build does.')
  .argument('<component>', 'its name')
  .addHelpText('after', '\nExample:\n  node scripts/bootstrap.mjs scripts/gdk-build.ts dev.fescue.EdgeAgent')
  .action((name: string) => buildGdkProject(name, (text) => process.stderr.write(`${text}\n`)));

void runCommand(command, process.argv);
