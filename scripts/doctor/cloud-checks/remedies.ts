import { captureSettings } from '../../../components/agent/capture/capture-settings.ts';
import { type FleetNames, fleetNames } from '../../cloud/names.ts';
import { shellQuote } from '../../deploy/quote.ts';
import type { DecidedBy } from '../../policy/decide.ts';
import type { CloudContext } from '../check.ts';
import { placeOf } from './subject.ts';

/** A command line of these words. */
export function command(...argv: readonly string[]): string {
  return shellQuote(argv);
}

/** A command of AWS's own command line, in the region in question. */
export function regionalCommand({ cloud }: CloudContext, ...argv: readonly string[]): string {
  return command('aws', ...argv, '--region', cloud.region);
}

/** `fescue setup` for the fleet in question, with the names that are others than it chooses by itself. */
export async function setupCommand(context: CloudContext): Promise<string> {
  const { cloud, subject, variant } = context;
  const { fleet, thing, role, roleAlias, bucket, prefix } = subject;
  const usual: Partial<FleetNames> = fleet === undefined ? {} : fleetNames(fleet, await placeOf(context));
  const flags = {
    '--thing': thing,
    '--role': unlessUsual(role, usual.role),
    '--role-alias': unlessUsual(roleAlias, usual.roleAlias),
    '--bucket': unlessUsual(bucket, usual.bucket),
    '--prefix': unlessUsual(prefix, captureSettings.FolderPrefix.default),
    '--region': cloud.region,
  };
  const words = Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
  const line = command('fescue', 'setup', '--fleet', fleet ?? 'FLEET', ...words, ...(variant === 'as-documented' ? ['--as-documented'] : []), '--apply');
  return fleet === undefined ? `${line} (with the name of your fleet)` : line;
}

function unlessUsual(name: string | undefined, usual: string | undefined): string | undefined {
  return name === usual ? undefined : name;
}

/** The tab of the role in the IAM console. */
export function roleConsole(role: string, tab: 'Permissions' | 'Trust relationships'): string {
  return `IAM console, Roles, ${role}, ${tab}.`;
}

export function bucketConsole(bucket: string): string {
  return `S3 console, ${bucket}, Permissions, Bucket policy.`;
}

/** A statement has to go, and somebody had a reason to write it: no command does that. */
export function takeOut({ policy, label }: DecidedBy, console: string): string {
  return `Take out or narrow statement ${label} of the ${policy}: ${console}`;
}
