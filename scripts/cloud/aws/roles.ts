import type { IAM, Role as IamRole } from '@aws-sdk/client-iam';
import type { Role, RoleService } from '../cloud.ts';
import { policyText } from './policy-text.ts';
import { present } from './present.ts';
import { openPolicies } from './role-policies.ts';
import type { Service } from './service.ts';
import { fromTagList, toTagList } from './tags.ts';

/** Roles in IAM. */
export function openRoles(iam: Service<IAM>): RoleService {
  return {
    get: async (role) => iam.find('GetRole', `role ${role}`, async (client) => roleOf((await client.getRole({ RoleName: role })).Role)),
    create: async ({ name, description, trust, tags }) => iam.ask('CreateRole', `role ${name}`, async (client) => roleOf((await client.createRole({ RoleName: name, Description: description, AssumeRolePolicyDocument: trust, Tags: toTagList(tags) })).Role)),
    setTrust: async (role, trust) => iam.change('UpdateAssumeRolePolicy', `role ${role}`, async (client) => client.updateAssumeRolePolicy({ RoleName: role, PolicyDocument: trust })),
    tag: async (role, tags) => iam.change('TagRole', `role ${role}`, async (client) => client.tagRole({ RoleName: role, Tags: toTagList(tags) })),
    untag: async (role, keys) => iam.change('UntagRole', `role ${role}`, async (client) => client.untagRole({ RoleName: role, TagKeys: [...keys] })),
    delete: async (role) => iam.remove('DeleteRole', `role ${role}`, async (client) => client.deleteRole({ RoleName: role })),
    ...openPolicies(iam),
  };
}

function roleOf(role: IamRole | undefined): Role {
  const { RoleName: name, Arn: arn, AssumeRolePolicyDocument: trust, Tags: tags, PermissionsBoundary: boundary } = present(role);
  return { name: present(name), arn: present(arn), trust: policyText(present(trust)), tags: fromTagList(tags), boundary: boundary?.PermissionsBoundaryArn };
}
