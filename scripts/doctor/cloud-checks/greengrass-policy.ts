import type { Check, CloudContext } from '../check.ts';
import { notApplicable } from '../verdict.ts';
import { decideAll, freeName, permissionsOf } from './permissions.ts';
import { command, roleConsole } from './remedies.ts';
import { contextOf } from './requests.ts';
import { rightsVerdict } from './rights.ts';
import { ofRole } from './role.ts';
import { placeOf, variantFor } from './subject.ts';

const actions = ['greengrass:CreateComponentVersion', 'greengrass:DescribeComponent'] as const;
const documented = JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'GreengrassComponentAccess', Effect: 'Allow', Action: actions, Resource: '*' }] });

export const greengrassPolicyCheck: Check<CloudContext> = {
  name: 'greengrass-policy',
  title: 'The role may create and describe components',
  prerequisite: { step: '3', line: 21, says: 'Add an inline policy that allows greengrass:CreateComponentVersion and greengrass:DescribeComponent.' },
  meaning: 'Packaging jobs of Edge Manager made components with it. They ended; fescue build and GDK take their place, with the rights of who runs them.',
  after: ['aws-credentials', 'role'],
  run: ofRole(async (found, context) => {
    const place = await placeOf(context);
    const permissions = await permissionsOf(found, context);
    const resource = `arn:${place.partition}:greengrass:${place.region}:${place.account}:components:*`;
    const decided = decideAll(actions.map((action) => ({ action, resource, context: contextOf(found, context, place) })), permissions);
    if (decided.some(({ decision }) => decision.effect !== 'allowed') && variantFor(found, context) === 'least-privilege') return notApplicable('a role of least privilege: devices make no components; who publishes them does, with rights of their own');
    const grant = command('aws', 'iam', 'put-role-policy', '--role-name', found.name, '--policy-name', freeName('GreengrassComponentAccess', permissions), '--policy-document', documented);
    return rightsVerdict(decided, { console: () => roleConsole(found.name, 'Permissions'), permissions, grant });
  }),
};
