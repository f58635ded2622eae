import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { readUpdate } from '../deploy/configuration.ts';
import type { ConfigurationUpdate } from '../local-nucleus/config-store.ts';
import { type CredentialSource, environmentCredentials, fileCredentials, generatedCredentials } from '../local-nucleus/credential-source.ts';
import { LocalNucleus, type NucleusEvent } from '../local-nucleus/nucleus.ts';
import type { Deployment } from '../local-nucleus/plan.ts';
import { buildComponents } from '../packaging/build-components.ts';
import { componentNames } from '../packaging/recipes.ts';
import { collectPair, positiveNumber } from './arguments.ts';
import { aborted, interruption, progress, readable, removeRoot } from './components-run.ts';

type DevOptions = {
  recipeDir?: string;
  artifactDir?: string;
  component: Record<string, string>;
  config: Record<string, string>;
  root?: string;
  thingName: string;
  region: string;
  credentials: string;
  credentialLife: number;
  quiet?: true;
};

export function devCommand(): Command {
  return new Command('dev')
    .description('Run Greengrass components on this machine with the local nucleus. Without --recipe-dir: the components of this checkout.')
    .option('--recipe-dir <folder>', 'recipes (.yaml, .yml, .json), at any depth')
    .option('--artifact-dir <folder>', 'artifacts as <component>/<version>/<file>')
    .addOption(new Option('--component <name=version>', 'component to run, with its version or a range; may be repeated').argParser(collectPair).default({}, 'none'))
    .addOption(new Option('--config <name=file.json>', 'configuration of a component: an object of keys, or {"MERGE": {…}, "RESET": ["/key"]}; may be repeated').argParser(collectPair).default({}, 'none'))
    .option('--root <folder>', 'Greengrass root; kept afterwards. Default: a temporary one')
    .option('--thing-name <name>', 'AWS_IOT_THING_NAME of the components', 'local-nucleus')
    .option('--region <region>', 'AWS_REGION of the components', 'us-east-1')
    .option('--credentials <source>', 'what the token exchange service gives: generated, environment, or a JSON file with AccessKeyId, SecretAccessKey, SessionToken, Expiration', 'generated')
    .addOption(new Option('--credential-life <seconds>', 'life of generated credentials').argParser(positiveNumber).default(60))
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
    onEvent: (event) => print(event, options.quiet === true),
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
  if (options.recipeDir !== undefined && options.artifactDir !== undefined) {
    return { recipeDir: options.recipeDir, artifactDir: options.artifactDir, components: options.component, configuration };
  }
  const build = await buildComponents({ folder: buildFolder, onProgress: progress });
  const own = { [componentNames.inference]: build.components[componentNames.inference] ?? '' };
  return { ...build, components: Object.keys(options.component).length > 0 ? options.component : own, configuration };
}

function credentialsFrom({ credentials, credentialLife }: DevOptions): CredentialSource {
  if (credentials === 'generated') return generatedCredentials(credentialLife);
  return credentials === 'environment' ? environmentCredentials(process.env) : fileCredentials(credentials);
}

function print(event: NucleusEvent, quiet: boolean): void {
  if (event.kind === 'state') progress(`${event.component}: ${event.previous} -> ${event.state}${event.reason === undefined ? '' : ` (${event.reason})`}`);
  if (event.kind === 'note') progress(`nucleus: ${event.text}`);
  if (event.kind === 'log' && !quiet) progress(`[${event.component}] ${event.text}`);
  if (event.kind === 'iot-core') process.stdout.write(`${event.topic} ${readable(event.payload)}\n`);
}
