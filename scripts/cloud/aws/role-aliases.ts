import type { IoT } from '@aws-sdk/client-iot';
import type { RoleAlias, ThingService } from '../cloud.ts';
import { iotTags } from './iot-tags.ts';
import { present } from './present.ts';
import type { Service } from './service.ts';
import { toTagList } from './tags.ts';

type RoleAliases = Pick<ThingService, 'roleAlias' | 'createRoleAlias' | 'setRoleOfAlias' | 'deleteRoleAlias'>;

/** Of a role alias that was made without saying. */
const defaultSeconds = 3_600;

/** Role aliases in IoT Core. */
export function openRoleAliases(iot: Service<IoT>): RoleAliases {
  return {
    roleAlias: async (alias) => {
      const found = await iot.find('DescribeRoleAlias', `role alias ${alias}`, async (client) => describe(client, alias));
      if (found === undefined) return undefined;
      return { ...found, tags: await iotTags(iot, { subject: `role alias ${alias}`, arn: found.arn }) };
    },
    createRoleAlias: async ({ alias, roleArn, credentialSeconds, tags }) => iot.change('CreateRoleAlias', `role alias ${alias}`, async (client) => client.createRoleAlias({ roleAlias: alias, roleArn, credentialDurationSeconds: credentialSeconds, tags: toTagList(tags) })),
    setRoleOfAlias: async (alias, roleArn) => iot.change('UpdateRoleAlias', `role alias ${alias}`, async (client) => client.updateRoleAlias({ roleAlias: alias, roleArn })),
    deleteRoleAlias: async (alias) => iot.remove('DeleteRoleAlias', `role alias ${alias}`, async (client) => client.deleteRoleAlias({ roleAlias: alias })),
  };
}

async function describe(client: IoT, alias: string): Promise<Omit<RoleAlias, 'tags'>> {
  const { roleAliasArn: arn, roleArn, credentialDurationSeconds: credentialSeconds } = present((await client.describeRoleAlias({ roleAlias: alias })).roleAliasDescription);
  return { alias, arn: present(arn), roleArn: present(roleArn), credentialSeconds: credentialSeconds ?? defaultSeconds };
}
