import type { IoT } from '@aws-sdk/client-iot';
import type { ThingService } from '../cloud.ts';
import { iotTags } from './iot-tags.ts';
import type { Service } from './service.ts';
import { toTagList } from './tags.ts';

type RoleAliases = Pick<ThingService, 'roleAlias' | 'createRoleAlias' | 'setRoleOfAlias' | 'deleteRoleAlias'>;

/** Role aliases in IoT Core. */
export function openRoleAliases(iot: Service<IoT>): RoleAliases {
  return {
    roleAlias: async (alias) => {
      const found = await iot.find('DescribeRoleAlias', `role alias ${alias}`, async (client) => client.describeRoleAlias({ roleAlias: alias }));
      if (found === undefined) return undefined;
      const { roleAliasArn: arn = '', roleArn = '', credentialDurationSeconds: credentialSeconds = 0 } = found.roleAliasDescription ?? {};
      return { alias, arn, roleArn, credentialSeconds, tags: await iotTags(iot, { subject: `role alias ${alias}`, arn }) };
    },
    createRoleAlias: async ({ alias, roleArn, credentialSeconds, tags }) => iot.change('CreateRoleAlias', `role alias ${alias}`, async (client) => client.createRoleAlias({ roleAlias: alias, roleArn, credentialDurationSeconds: credentialSeconds, tags: toTagList(tags) })),
    setRoleOfAlias: async (alias, roleArn) => iot.change('UpdateRoleAlias', `role alias ${alias}`, async (client) => client.updateRoleAlias({ roleAlias: alias, roleArn })),
    deleteRoleAlias: async (alias) => iot.remove('DeleteRoleAlias', `role alias ${alias}`, async (client) => client.deleteRoleAlias({ roleAlias: alias })),
  };
}
