import { Command, InvalidArgumentError, Option } from 'commander';
import { captureSettings } from '../../components/agent/capture/capture-settings.ts';
import { exitCodes } from '../../components/common/command-line.ts';
import { connectCloud } from '../cloud/connect.ts';
import type { Cloud } from '../cloud/cloud.ts';
import { fleetNames } from '../cloud/names.ts';
import { shellQuote } from '../deploy/quote.ts';
import { checkNames } from '../setup/check-names.ts';
import type { Wish } from '../setup/desired.ts';
import { managedPolicyNames } from '../setup/documents.ts';
import { installerText, type Nucleus } from '../setup/installer-text.ts';
import { operatorPolicy } from '../setup/operator-policy.ts';
import { fullAccessWarning } from '../setup/plan-attached.ts';
import { applySetup, conflicts, inventory, isDone, planSetup, type Planned } from '../setup/run-setup.ts';
import { templateOf, templateText } from '../setup/template.ts';
import { policyText } from '../setup/written-policy.ts';
import { interruption, progress } from './components-run.ts';
import { setupExamples } from './setup-help.ts';
import { planJson, planText } from './setup-text.ts';
import { formatPairs } from './table.ts';

type Options = {
  fleet: string;
  thing: string[];
  region?: string;
  profile?: string;
  role?: string;
  roleAlias?: string;
  bucket?: string;
  prefix: string;
  artifacts: string[];
  asDocumented?: true;
  fullAccess?: true;
  adopt?: true;
  apply?: true;
  destroy?: true;
  installer?: Nucleus | true;
  template?: true;
  format?: 'yaml' | 'json';
  operatorPolicy?: true;
  json?: true;
};

/** What a fleet needs in AWS. */
export function setupCommand(): Command {
  return new Command('setup')
    .description('Make what a fleet needs in AWS: role, role alias, bucket, thing group and things. Shows the plan; --apply carries it out.')
    .requiredOption('--fleet <name>', 'name of the fleet, and of its thing group')
    .addOption(new Option('--thing <name>', 'a device of the fleet; may be repeated').argParser(collect).default([], 'none'))
    .option('--region <region>', 'AWS region. Default: that of the environment or the profile')
    .option('--profile <name>', 'profile of the AWS configuration files')
    .option('--role <name>', 'IAM role of the devices. Default: SageMakerFescue-<fleet>')
    .option('--role-alias <name>', 'role alias. Default: SageMakerEdge-<fleet>')
    .option('--bucket <name>', 'bucket of the captures. Default: sagemaker-<fleet>-<account>-<region>')
    .addOption(new Option('--prefix <folder>', 'folder in the bucket under which devices write: FolderPrefix of the agent').default(captureSettings.FolderPrefix.default).argParser(prefix))
    .addOption(new Option('--artifacts <location>', 'bucket, or bucket/prefix, of further component artifacts that devices may read; may be repeated').argParser(collectLocation).default([], 'none'))
    .option('--as-documented', "the policies of the prerequisites' document to the letter, in place of the least that is needed")
    .option('--full-access', `also attach ${managedPolicyNames.full}, which ${fullAccessWarning}`)
    .option('--adopt', 'also change what others made: point their role alias here, close their bucket')
    .addOption(new Option('--dry-run', 'show the plan and change nothing, which is the default').conflicts('apply'))
    .option('--apply', 'carry the plan out')
    .option('--destroy', 'plan to take away all that setup made for the fleet')
    .addOption(new Option('--installer [nucleus]', 'print what installs Greengrass on the devices: classic, or the configuration of lite').choices(['classic', 'lite']))
    .option('--template', 'print a CloudFormation template of the same')
    .addOption(new Option('--format <format>', 'of the template. Default: yaml').choices(['yaml', 'json']))
    .option('--operator-policy', 'print the policy that somebody needs who runs setup, doctor and fleet')
    .option('--json', 'print the plan as JSON')
    .addHelpText('after', setupExamples)
    .action(runSetup);
}

async function runSetup(options: Options, command: Command): Promise<void> {
  checkUsage(options, command);
  const wish = wishOf(options);
  if (options.template === true || options.operatorPolicy === true) return printOffline(wish, options);
  // Before AWS is asked for the account, which only the bucket's name takes.
  checkNames({ ...wish, names: { ...fleetNames(wish.fleet, { account: '000000000000', region: 'eu-west-1' }), ...wish.names } });
  const cloud = await connectCloud({ region: options.region, profile: options.profile });
  try {
    if (options.installer === undefined || options.apply === true) await planAndApply(cloud, { wish, options });
    if (options.installer !== undefined) await printInstaller(cloud, { wish, nucleus: options.installer === true ? 'classic' : options.installer });
  } finally {
    cloud.close();
  }
}

function checkUsage(options: Options, command: Command): void {
  const modes = (['template', 'operatorPolicy', 'installer'] as const).filter((mode) => options[mode] !== undefined);
  if (modes.length > 1) command.error('error: --template, --operator-policy and --installer do not go together');
  if (modes.length > 0 && options.destroy === true) command.error('error: --destroy goes with --apply and --json only');
  if (modes.some((mode) => mode !== 'installer') && options.apply === true) command.error('error: --template and --operator-policy change nothing: --apply does not go with them');
  if (options.installer !== undefined && options.thing.length === 0) command.error('error: --installer needs a device: --thing <name>');
  if (options.installer !== undefined && options.json === true) command.error('error: --installer prints lines for a shell: --json does not go with it');
  if (options.format !== undefined && options.template !== true) command.error('error: --format goes with --template');
}

function wishOf({ fleet, thing, role, roleAlias, bucket, prefix: folder, artifacts, asDocumented, fullAccess, adopt }: Options): Wish {
  const names = { ...(role === undefined ? {} : { role }), ...(roleAlias === undefined ? {} : { roleAlias }), ...(bucket === undefined ? {} : { bucket }) };
  return { fleet, things: [...new Set(thing)], names, variant: asDocumented === true ? 'as-documented' : 'least-privilege', fullAccess: fullAccess === true, prefix: folder, artifacts, adopt: adopt === true };
}

function printOffline(wish: Wish, { template, format, region: named }: Options): void {
  const region = named ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  checkNames({ ...wish, names: { ...fleetNames(wish.fleet, { account: '000000000000', region: region ?? 'eu-west-1' }), ...wish.names } });
  process.stdout.write(template === true ? templateText(templateOf(wish, { region }), format ?? 'yaml') : `${policyText(operatorPolicy(wish, { region }))}\n`);
}

async function printInstaller(cloud: Cloud, { wish, nucleus }: { wish: Wish; nucleus: Nucleus }): Promise<void> {
  const names = { ...fleetNames(wish.fleet, { account: '', region: cloud.region }), ...wish.names };
  process.stdout.write(await installerText(cloud, { nucleus, things: wish.things, names, problem: progress }));
}

async function planAndApply(cloud: Cloud, { wish, options }: { wish: Wish; options: Options }): Promise<void> {
  const planned = await planSetup(cloud, wish, options.destroy === true ? 'destroy' : 'make');
  const { steps } = planned;
  if (options.json !== true) process.stdout.write(planText(planned));
  if (options.apply === true) await applySetup(planned, { cloud, signal: interruption(() => progress('Stopping after what is under way …')), tell: progress });
  else if (conflicts(steps).length > 0) process.exitCode = exitCodes.failed;
  const there = options.apply === true ? await inventory(cloud, planned.desired) : undefined;
  if (options.json === true) process.stdout.write(planJson(planned, { applied: options.apply === true, there }));
  else process.stdout.write(endText(planned, { options, there }));
}

function endText({ desired, steps, mode }: Planned, { options, there }: { options: Options; there: Readonly<Record<string, string>> | undefined }): string {
  if (there === undefined) return isDone(steps) ? '' : 'Nothing has been changed. Run it again with --apply to carry it out.\n';
  const found = Object.entries(there);
  if (mode === 'destroy') return found.length === 0 ? 'Nothing of it is left.\n' : `\nStill there:\n${formatPairs(found)}`;
  return `\n${formatPairs(found)}\nNext: ${doctorLine(desired, options)}\n`;
}

/** With what it does not find out itself. */
function doctorLine({ fleet, things, place }: Planned['desired'], { roleAlias, bucket, profile }: Options): string {
  const flags = { fleet, thing: things[0], 'role-alias': roleAlias, bucket, region: place.region, profile };
  return shellQuote(['fescue', 'doctor', '--cloud', ...Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value]))]);
}

function collect(text: string, earlier: string[]): string[] {
  return [...earlier, text];
}

/** What a policy would take for a wildcard or a variable is refused. */
function prefix(text: string): string {
  if (!/^[\w!.'()-]+(?:\/[\w!.'()-]+)*$/.test(text) || text.length > 512) throw new InvalidArgumentError("Expected at most 512 letters, digits and _!.'()- in parts with slashes between.");
  return text;
}

function collectLocation(text: string, earlier: string[]): string[] {
  const location = text.replace(/^s3:\/\//, '');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[\w!.'()/-]*)?$/.test(location)) throw new InvalidArgumentError('Expected a bucket, or bucket/prefix, as in my-artifacts/com.example.');
  return [...earlier, location];
}
