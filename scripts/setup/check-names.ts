import { FescueError } from '../../components/common/errors.ts';
import { bucketNameRule, fleetNameRule, roleAliasRule, roleNameRule, thingNameRule, type FleetNames, type NameRule } from '../cloud/names.ts';

export type Named = { readonly fleet: string; readonly things: readonly string[]; readonly names: FleetNames };

/** @throws FescueError `invalid-argument` that says of every name that cannot be used what is the matter, and what would do */
export function checkNames({ fleet, things, names }: Named): void {
  const problems = [
    nameProblem('Fleet name', fleet, fleetNameRule),
    ...things.map((thing) => nameProblem('Thing name', thing, thingNameRule)),
    nameProblem('Role name', names.role, roleNameRule),
    nameProblem('Role alias', names.roleAlias, roleAliasRule),
    nameProblem('Bucket name', names.bucket, bucketNameRule),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new FescueError('invalid-argument', problems.join('\n'));
}

/** What is wrong with a name, and one like it that is right; undefined when nothing is. */
export function nameProblem(what: string, name: string, { regex, expected }: NameRule): string | undefined {
  if (regex.test(name)) return undefined;
  const found = oddities(name);
  return `${what} ${JSON.stringify(name)} cannot be used: expected ${expected}, got ${found}.${suggestion(name, { regex, expected })}`;
}

function oddities(name: string): string {
  if (name === '') return 'nothing';
  const odd = [...new Set(name.match(/[^a-z0-9-]/g) ?? [])].map((character) => (/[A-Z]/.test(character) ? 'capitals' : JSON.stringify(character)));
  const kinds = [...new Set(odd)].slice(0, 5);
  return [`${name.length} characters`, ...(kinds.length === 0 ? [] : [`with ${kinds.join(', ')}`])].join(' ');
}

const makeovers: readonly ((name: string) => string)[] = [
  (name) => name.replaceAll(/[^a-zA-Z0-9]+/g, '-'),
  (name) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
  (name) => `SageMaker${name.replaceAll(/[^\w+=,.@-]+/g, '-')}`,
  (name) => `sagemaker-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`,
];

function suggestion(name: string, { regex }: NameRule): string {
  const better = makeovers.map((make) => make(name).replace(/^-+|-+$/g, '')).find((one) => regex.test(one));
  return better === undefined ? '' : ` ${JSON.stringify(better)} would do.`;
}
