import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { readUpdate } from '../deploy/configuration.ts';
import type { ConfigurationUpdate } from '../local-nucleus/config-store.ts';
import type { Deployment } from '../local-nucleus/deployment.ts';
import { LocalNucleus } from '../local-nucleus/nucleus.ts';
import { buildComponents } from '../packaging/build-components.ts';
import { componentNames } from '../packaging/recipes.ts';
import { collectPair } from './arguments.ts';
import { aborted, interruption, progress, removeRoot } from './components-run.ts';
import { addNucleusOptions, credentialsFrom, type NucleusCommandOptions, printEvent } from './nucleus-options.ts';

type DevOptions = NucleusCommandOptions & {
  recipeDir?: string;
  artifactDir?: string;
  component: Record<string, string>;
  config: Record<string, string>;
  root?: string;
  quiet?: true;
};

export function devCommand(): Command {
  const command = new Command('dev')
    .description('Run Greengrass components on this machine with the local nucleus. Without --recipe-dir: the components of this checkout.')
    .option('--recipe-dir <folder>', 'recipes (.yaml, .yml, .json), at any depth')
    .option('--artifact-dir <folder>', 'artifacts as <component>/<version>/<file>')
    .addOption(new Option('--component <name=version>', 'component to run, with its version or a range; may be repeated').argParser(collectPair).default({}, 'none'))
    .addOption(new Option('--config <name=file.json>', 'configuration of a component: an object of keys, or {"MERGE": {…}, "RESET": ["/key"]}; may be repeated').argParser(collectPair).default({}, 'none'))
    .option('--root <folder>', 'Greengrass root; kept afterwards. Default: a temporary one')
    .option('--quiet', 'do not print the output of the components; their log files have it')
    .addHelpText(
      'after',
      `
Examples:
  fescue dev
  fescue dev --config dev.fescue.Inference=inference.json
  fescue dev --recipe-dir recipes --artifact-dir build/artifacts --component dev.fescue.EdgeAgent=0.1.0`,
    )
    .action(runDev);
  return addNucleusOptions(command);
}

async function runDev(options: DevOptions, command: Command): Promise<void> {
  if ((options.recipeDir === undefined) !== (options.artifactDir === undefined)) command.error('error: --recipe-dir and --artifact-dir go together');
  if (options.recipeDir !== undefined && Object.keys(options.component).length === 0) command.error('error: --recipe-dir takes at least one --component name=version');
  const signal = interruption(() => progress('Stopping …'));
  const credentials = credentialsFrom(options);
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'fescue-dev-')));
  const nucleus = new LocalNucleus({
    root,
    environment: process.env,
    thingName: options.thingName,
    region: options.region,
    credentials,
    onEvent: (event) => printEvent(event, options.quiet === true),
  });
  try {
    await Promise.race([run(nucleus, options), aborted(signal)]);
    await aborted(signal);
  } catch (error) {
    await nucleus.stop();
    if (options.root === undefined) await removeRoot(root, 'failed');
    throw error;
  }
  await nucleus.stop();
  if (options.root === undefined) await removeRoot(root, 'done');
}

async function run(nucleus: LocalNucleus, options: DevOptions): Promise<void> {
  const deployment = await deploymentFrom(options, join(nucleus.root, 'build'));
  progress(`Starting the local nucleus in ${nucleus.root}`);
  await nucleus.start();
  await nucleus.deploy(deployment);
  progress(`Deployed: ${nucleus.components().map(({ name, state }) => `${name} ${state}`).join(', ')}. Logs are in ${join(nucleus.root, 'logs')}. Ctrl-C ends it.`);
}

async function deploymentFrom(options: DevOptions, buildFolder: string): Promise<Deployment> {
  const configuration: Record<string, ConfigurationUpdate> = {};
  for (const [name, file] of Object.entries(options.config)) configuration[name] = await readUpdate(file);
  // A nucleus configures only root components, so whatever is configured becomes one.
  const configured = Object.fromEntries(Object.keys(configuration).map((name) => [name, '*']));
  if (options.recipeDir !== undefined && options.artifactDir !== undefined) {
    return { recipeDir: options.recipeDir, artifactDir: options.artifactDir, components: { ...configured, ...options.component }, configuration };
  }
  const build = await buildComponents({ folder: buildFolder, onProgress: progress });
  const own = { [componentNames.inference]: build.components[componentNames.inference] ?? '' };
  return { ...build, components: { ...configured, ...(Object.keys(options.component).length > 0 ? options.component : own) }, configuration };
}
