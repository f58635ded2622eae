import { styleText } from 'node:util';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../../components/common/command-line.ts';
import { FescueError } from '../../components/common/errors.ts';
import { connectCloud } from '../cloud/connect.ts';
import { fleetNameRule, type NameRule, type PolicyVariant } from '../cloud/names.ts';
import { allChecks } from '../doctor/all-checks.ts';
import type { CheckStatus } from '../doctor/check.ts';
import type { DeviceFacts, DeviceRequest } from '../doctor/device-facts.ts';
import { examine, type Examined } from '../doctor/examine.ts';
import { reportOf, type Side } from '../doctor/report.ts';
import type { FoundSubject, SubjectFlags } from '../doctor/subject.ts';
import { checkListText, doctorText } from './doctor-text.ts';
import { examineHere, examineOn } from './doctor-device.ts';
import { printable } from './printable.ts';
import { ProgressLine } from './progress-line.ts';

type Flags = SubjectFlags & {
  device?: true;
  cloud?: true;
  host?: string;
  only?: string[];
  skip?: string[];
  root?: string;
  socket?: string;
  recipeDir?: string;
  profile?: string;
  endpoint?: string;
  asDocumented?: true;
  leastPrivilege?: true;
  list?: true;
  json?: true;
};

const accountRule: NameRule = { regex: /^\d{12}$/, expected: 'the 12 digits of an account' };
const regionRule: NameRule = { regex: /^[a-z]{2,4}(?:-[a-z]+)+-\d$/, expected: 'a region such as eu-central-1' };
/** Longer than any name in AWS; whether a name is right is what the checks say. */
const nameRule: NameRule = { regex: /^[\x21-\x7e]{1,1024}$/, expected: 'a name without blanks' };

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Check a device and its account for all that models on Greengrass need: the prerequisites of Edge Manager, and what Fescue needs besides.')
    .addOption(new Option('--device', 'check the device only').conflicts('cloud'))
    .option('--cloud', 'check the account only; without credentials that is exit code 2')
    .option('--host <user@host>', 'device to check, over ssh; it needs no checkout. Default: this machine')
    .addOption(nameOption('--only <checks>', 'names of checks with commas between: no others').argParser(checkNames))
    .addOption(nameOption('--skip <checks>', 'names of checks with commas between: all but these').argParser(checkNames))
    .addOption(nameOption('--thing <name>', "thing. Default: the nucleus's", nameRule))
    .addOption(nameOption('--fleet <name>', "fleet. Default: the agent's DeviceFleetName", fleetNameRule))
    .addOption(nameOption('--role <name>', 'IAM role of the devices. Default: that of the role alias', nameRule))
    .addOption(nameOption('--role-alias <name>', "role alias of AWS IoT. Default: the nucleus's, else as fescue setup names it", nameRule))
    .addOption(nameOption('--bucket <name>', "bucket of captured data. Default: the agent's BucketName, else as fescue setup names it", nameRule))
    .addOption(nameOption('--region <region>', "region. Default: the nucleus's, else that of AWS's configuration", regionRule))
    .addOption(nameOption('--account <number>', 'the account it has to be', accountRule))
    .option('--profile <name>', "profile of AWS's configuration files")
    .option('--endpoint <url>', 'another server that speaks as AWS')
    .addOption(new Option('--as-documented', 'judge the role by the policies of the prerequisites').conflicts('leastPrivilege'))
    .option('--least-privilege', 'judge the role by what Fescue needs. Default: by the tag of fescue setup, else as documented')
    .option('--root <folder>', 'Greengrass root. Default: GG_ROOT, GGC_ROOT_PATH, /greengrass/v2, nucleus lite, build/nucleus of this checkout')
    .option('--socket <path>', "the agent's socket. Default: UnixSocketName of its configuration")
    .option('--recipe-dir <folder>', "recipes to check. Default: the nucleus's own")
    .option('--list', 'print every check with what it asks, and run none')
    .option('--json', 'print JSON; docs/doctor.md has its fields')
    .addHelpText(
      'after',
      `
Run it as root on a device: only root may read the configuration of a nucleus. With --host it uses sudo there where that asks for no
password, and leaves nothing behind; paths are those of the device, and the account is asked from here.
Every check is explained in docs/doctor.md. Exit codes: 0 nothing failed, 1 something failed, 2 bad usage, --host cannot be asked, or
--cloud and AWS cannot be asked.

Examples:
  sudo -E npx fescue doctor --device               this device
  fescue doctor --host pi@camera-4                 a device without a checkout, and its account
  fescue doctor --cloud --fleet lobby              the account of a fleet, from a laptop
  fescue doctor --cloud --fleet lobby --thing camera-4 --profile work
  fescue doctor --root build/nucleus --device      the local nucleus
  fescue doctor --only runtime,socket,agent
  fescue doctor --json | jq '.checks[] | select(.status == "fail")'`,
    )
    .action(runDoctor);
}

async function runDoctor(flags: Flags, command: Command): Promise<void> {
  if (flags.list) {
    process.stdout.write(flags.json ? `${JSON.stringify(allChecks.map(({ side, check: { name, title, prerequisite } }) => ({ name, side, title, ...(prerequisite && { prerequisite }) })))}\n` : checkListText(allChecks));
    return;
  }
  const progress = new ProgressLine(process.stderr, process.stderr.isTTY);
  const facts = await factsOf(flags, progress);
  if (flags.cloud && !isAnythingNamed(facts.subject)) command.error('error: it is not known what to look for in the account. Name the fleet with --fleet, or a thing, role, role alias or bucket.');
  const examined = await examine({
    facts,
    checks: chosen('cloud', flags),
    variant: variantOf(flags),
    profile: flags.profile,
    connect: async (options) => connectCloud({ ...options, endpoint: flags.endpoint }),
    onStart: ({ name }) => progress.show(`checking ${name} …`),
  });
  progress.end();
  const about = { host: flags.host, subject: examined.subject, nucleus: facts.nucleus };
  process.stdout.write(flags.json ? `${JSON.stringify(reportOf(examined.results, about))}\n` : doctorText(examined.results, about, { width: process.stdout.columns ?? Infinity, paint }));
  process.exitCode = exitCodeOf(examined, flags);
}

/** What the device tells. One that cannot be asked ends the command. */
async function factsOf(flags: Flags, progress: ProgressLine): Promise<DeviceFacts> {
  const request = requestOf(flags);
  if (flags.host === undefined) return examineHere(request, progress);
  try {
    return await examineOn(flags.host, request, progress);
  } catch (error) {
    progress.end();
    if (!(error instanceof FescueError) || error.kind === 'cancelled') throw error;
    process.stderr.write(`fescue: ${printable(error.message)}\n`);
    throw new CommanderError(exitCodes.usage, 'fescue.host', error.message);
  }
}

function requestOf(flags: Flags): DeviceRequest {
  const { thing, fleet, role, roleAlias, bucket, region, account, root, socket, recipeDir, endpoint } = flags;
  const names = Object.fromEntries(Object.entries({ thing, fleet, role, roleAlias, bucket, region, account }).filter(([, value]) => value !== undefined));
  return { checks: chosen('device', flags), flags: names, root, socket, recipeFolder: recipeDir, endpoint };
}

/** All checks of the account would not apply, and that would look like success. */
function isAnythingNamed({ fleet, thing, role, roleAlias, bucket }: FoundSubject): boolean {
  return [fleet, thing, role, roleAlias, bucket].some((named) => named !== undefined);
}

function exitCodeOf({ results, isCloudClosed }: Examined, { cloud }: Flags): number {
  if (cloud && isCloudClosed) return exitCodes.usage;
  return results.some(({ verdict }) => verdict.status === 'fail') ? exitCodes.failed : exitCodes.ok;
}

/** Names of the checks of a side that are to run. */
function chosen(side: Side, { device, cloud, only, skip = [] }: Flags): string[] {
  if ((device && side === 'cloud') || (cloud && side === 'device')) return [];
  return allChecks.filter((one) => one.side === side).map(({ check }) => check.name).filter((name) => (only?.includes(name) ?? true) && !skip.includes(name));
}

function variantOf({ asDocumented, leastPrivilege }: Flags): PolicyVariant | undefined {
  if (asDocumented) return 'as-documented';
  return leastPrivilege ? 'least-privilege' : undefined;
}

const colours = { ok: 'green', warning: 'yellow', fail: 'red', 'n.a.': 'dim' } as const;

/** Not where NO_COLOR is set, or standard output is no terminal. */
function paint(status: CheckStatus, text: string): string {
  return styleText(colours[status], text, { stream: process.stdout });
}

function nameOption(flags: string, description: string, rule?: NameRule): Option {
  const option = new Option(flags, description);
  if (rule === undefined) return option;
  return option.argParser((text: string) => {
    if (!rule.regex.test(text)) throw new InvalidArgumentError(`Expected ${rule.expected}.`);
    return text;
  });
}

function checkNames(text: string, earlier: string[] = []): string[] {
  const names = text.split(',').map((name) => name.trim()).filter((name) => name !== '');
  const unknown = names.find((name) => !allChecks.some(({ check }) => check.name === name));
  if (unknown !== undefined || names.length === 0) throw new InvalidArgumentError(`There is no check "${unknown ?? text}"; fescue doctor --list has all.`);
  return [...earlier, ...names];
}
