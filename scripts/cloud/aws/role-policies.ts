import type { IAM } from '@aws-sdk/client-iam';
import type { AttachedPolicy, PolicyText, RoleService } from '../cloud.ts';
import { policyText } from './policy-text.ts';
import { present } from './present.ts';
import type { Service } from './service.ts';

type Policies = Pick<RoleService, 'attachedPolicies' | 'attach' | 'detach' | 'managedPolicy' | 'inlinePolicies' | 'putInline' | 'deleteInline'>;

/** The policies of roles in IAM. */
export function openPolicies(iam: Service<IAM>): Policies {
  return {
    attachedPolicies: async (role) => (await iam.find('ListAttachedRolePolicies', `role ${role}`, async (client) => listAttached(client, role))) ?? [],
    attach: async (role, policyArn) => iam.change('AttachRolePolicy', `role ${role}`, async (client) => client.attachRolePolicy({ RoleName: role, PolicyArn: policyArn })),
    detach: async (role, policyArn) => iam.remove('DetachRolePolicy', `role ${role}`, async (client) => client.detachRolePolicy({ RoleName: role, PolicyArn: policyArn })),
    managedPolicy: async (policyArn) => managedPolicy(iam, policyArn),
    inlinePolicies: async (role) => inlinePolicies(iam, role),
    putInline: async (role, { name, document }) => iam.change('PutRolePolicy', `role ${role}`, async (client) => client.putRolePolicy({ RoleName: role, PolicyName: name, PolicyDocument: document })),
    deleteInline: async (role, policy) => iam.remove('DeleteRolePolicy', `role ${role}`, async (client) => client.deleteRolePolicy({ RoleName: role, PolicyName: policy })),
  };
}

async function listAttached(client: IAM, role: string): Promise<AttachedPolicy[]> {
  const policies: AttachedPolicy[] = [];
  for await (const { AttachedPolicies = [] } of client.paginateListAttachedRolePolicies({ RoleName: role })) {
    for (const { PolicyName: name, PolicyArn: arn } of AttachedPolicies) policies.push({ name: present(name), arn: present(arn) });
  }
  return policies;
}

async function managedPolicy(iam: Service<IAM>, policyArn: string): Promise<PolicyText | undefined> {
  const found = await iam.find('GetPolicy', `policy ${policyArn}`, async (client) => {
    const { PolicyName: name, DefaultVersionId: version } = present((await client.getPolicy({ PolicyArn: policyArn })).Policy);
    return { name: present(name), version: present(version) };
  });
  if (found === undefined) return undefined;
  const document = await iam.ask('GetPolicyVersion', `policy ${policyArn}`, async (client) => policyText(present((await client.getPolicyVersion({ PolicyArn: policyArn, VersionId: found.version })).PolicyVersion?.Document)));
  return { name: found.name, document };
}

async function inlinePolicies(iam: Service<IAM>, role: string): Promise<PolicyText[]> {
  const names = (await iam.find('ListRolePolicies', `role ${role}`, async (client) => listInline(client, role))) ?? [];
  const policies = await Promise.all(names.map(async (policy) => iam.find('GetRolePolicy', `role ${role}`, async (client) => inlinePolicy(client, { role, policy }))));
  // One may have been deleted meanwhile.
  return policies.filter((policy) => policy !== undefined);
}

async function listInline(client: IAM, role: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { PolicyNames = [] } of client.paginateListRolePolicies({ RoleName: role })) names.push(...PolicyNames);
  return names;
}

async function inlinePolicy(client: IAM, { role, policy }: { role: string; policy: string }): Promise<PolicyText> {
  const { PolicyDocument: document } = await client.getRolePolicy({ RoleName: role, PolicyName: policy });
  return { name: policy, document: policyText(present(document)) };
}
