import type { DecidedBy } from '../../policy/decide.ts';
import { shellQuote } from '../../deploy/quote.ts';
import type { CloudContext } from '../check.ts';

/** A command line of these words. */
export function command(...argv: readonly string[]): string {
  return shellQuote(argv);
}

/** `fescue setup` for the fleet in question, with the names that were given. */
export function setupCommand({ subject, variant }: CloudContext): string {
  const { fleet, thing, role, roleAlias, bucket } = subject;
  const flags = Object.entries({ '--thing': thing, '--role': role, '--role-alias': roleAlias, '--bucket': bucket }).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
  const documented = variant === 'as-documented' ? ['--as-documented'] : [];
  const line = command('fescue', 'setup', '--fleet', fleet ?? 'FLEET', ...flags, ...documented, '--apply');
  return fleet === undefined ? `${line} (with the name of your fleet)` : line;
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
