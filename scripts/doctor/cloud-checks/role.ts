import { roleNameRule } from '../../cloud/names.ts';
import type { Check, CloudContext, Verdict } from '../check.ts';
import { fail, notApplicable, ok } from '../verdict.ts';
import { regionalCommand, setupCommand } from './remedies.ts';
import { namesOf, roleInQuestion, type RoleInQuestion } from './subject.ts';

export const noRole = notApplicable('no role named', 'Name the role with --role, its alias with --role-alias, or the fleet with --fleet.');

/** Answers for a role that is known by name. */
export function ofRole(judge: (found: RoleInQuestion, context: CloudContext) => Promise<Verdict>): Check<CloudContext>['run'] {
  return async (context) => {
    const found = await roleInQuestion(context);
    return found === undefined ? noRole : judge(found, context);
  };
}

export const roleChecks: readonly Check<CloudContext>[] = [
  {
    name: 'role',
    title: 'The IAM role of the devices exists',
    prerequisite: { step: '3', line: 14, says: 'The role that was made when Greengrass V2 was set up.' },
    meaning: 'Components get no credentials.',
    after: ['aws-credentials'],
    run: ofRole(async ({ name, role, denied }, context) => {
      if (denied !== undefined) throw denied;
      return role === undefined ? fail(`no role ${name}`, await setupCommand(context)) : ok(role.arn);
    }),
  },
  {
    name: 'role-name',
    title: 'The name of the role starts with SageMaker',
    prerequisite: { step: '2', line: 12, says: 'The name of the IAM role starts with SageMaker.' },
    meaning: 'The policies of SageMaker do not reach the role.',
    after: ['aws-credentials', 'role'],
    run: ofRole(async ({ name }, context) => {
      if (roleNameRule.regex.test(name)) return ok(name);
      const { role: _, ...subject } = context.subject;
      return fail(`${name}; expected ${roleNameRule.expected}`, `A role cannot be renamed. Make one with the right name, and let the alias point to it: ${await setupCommand({ ...context, subject })}`);
    }),
  },
  {
    name: 'role-alias',
    title: 'The role alias that the devices use points to the role',
    prerequisite: { step: '2', line: 9, says: 'Set up Greengrass V2 with a role alias; AWS lets an alias that is there be used again (line 3).' },
    meaning: 'Components get no credentials, or those of another role.',
    after: ['aws-credentials', 'role'],
    run: aliasVerdict,
  },
];

async function aliasVerdict(context: CloudContext): Promise<Verdict> {
  const { roleAlias } = await namesOf(context);
  if (roleAlias === undefined) return notApplicable('no role alias named', 'Name it with --role-alias; it is iotRoleAlias in the configuration of the nucleus.');
  const alias = await context.cloud.things.roleAlias(roleAlias);
  if (alias === undefined) return fail(`no role alias ${roleAlias} in ${context.cloud.region}`, await setupCommand(context));
  const found = await roleInQuestion(context);
  if (found?.denied !== undefined) throw found.denied;
  if (found?.role === undefined || alias.roleArn === found.role.arn) return ok(`${roleAlias} points to ${alias.roleArn}`);
  return fail(`${roleAlias} points to ${alias.roleArn}; expected ${found.role.arn}`, regionalCommand(context, 'iot', 'update-role-alias', '--role-alias', roleAlias, '--role-arn', found.role.arn));
}
