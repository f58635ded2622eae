import type { Check, CloudContext } from '../check.ts';
import { notApplicable } from '../verdict.ts';
import { deviceRightsVerdict } from './device-rights.ts';
import { namesOf } from './subject.ts';
import { noThing } from './thing.ts';

export const aliasRightsCheck: Check<CloudContext> = {
  name: 'alias-rights',
  title: 'The IoT policies of the certificate let the device use the role alias',
  meaning: 'Components get no credentials: the token exchange service answers with an error.',
  after: ['aws-credentials', 'thing', 'role-alias'],
  run: async (context) => {
    const { thing } = context.subject;
    const { roleAlias } = await namesOf(context);
    if (thing === undefined) return noThing;
    const alias = roleAlias === undefined ? undefined : await context.cloud.things.roleAlias(roleAlias);
    if (alias === undefined) return notApplicable('waits for role-alias');
    // As the installer of Greengrass calls it.
    const policyName = `GreengrassTESCertificatePolicy${alias.alias}`;
    return deviceRightsVerdict({ thing, rights: [{ action: 'iot:AssumeRoleWithCertificate', resource: alias.arn, inPolicy: alias.arn }], known: {}, policyName }, context);
  },
};
