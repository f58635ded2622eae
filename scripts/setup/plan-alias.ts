import type { RoleAlias } from '../cloud/cloud.ts';
import { ownTags } from '../cloud/names.ts';
import { credentialSeconds, type Desired } from './desired.ts';
import { step, type Step } from './step.ts';

/** @param options.roleArn that the alias has to lead to */
export function planAlias(there: RoleAlias | undefined, { names, fleet, adopt }: Desired, { roleArn }: { roleArn: string }): Step {
  const subject = ['role alias', names.roleAlias] as const;
  const { roleAlias: alias, role } = names;
  if (there === undefined) return step('create', subject, `leads to role ${role}`, { actions: [{ call: 'create alias', alias, role, credentialSeconds, tags: { [ownTags.fleet]: fleet } }] });
  if (there.roleArn === roleArn) return step('keep', subject, `leads to role ${role}`);
  const isOwn = there.tags[ownTags.fleet] === fleet;
  if (isOwn || adopt) return step('change', subject, `leads to ${there.roleArn}, and then to role ${role}`, { actions: [{ call: 'point alias', alias, role }] });
  return step('conflict', subject, `it leads to ${there.roleArn}, and whatever uses it would change its role. Name another alias with --role-alias, that role with --role, or point it to role ${role} with --adopt.`);
}
