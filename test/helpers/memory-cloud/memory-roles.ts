import type { CloudFault } from '../../../scripts/cloud/cloud-error.ts';
import type { Role, RoleService } from '../../../scripts/cloud/cloud.ts';
import { cloudError, type Detail } from '../../../scripts/cloud/explain.ts';
import { roleArn, type Account, type StoredRole } from './account.ts';
import type { CallGate } from './call-gate.ts';

const mostTrust = 2_048;
const mostInline = 10_240;
const mostAttached = 10;

/** IAM's roles, with its rules for what may be written and deleted. */
export function memoryRoles(account: Account, gate: CallGate): RoleService {
  const { roles, managedPolicies } = account;
  return {
    get: async (role) => gate.read('iam:GetRole', `role ${role}`, () => publicRole(account, role)),
    create: async ({ name, description, trust, tags }) =>
      gate.change('iam:CreateRole', `role ${name}`, () => {
        if (roles.has(name)) throw failure('already-exists', 'iam:CreateRole', name);
        checkTrust('iam:CreateRole', name, trust);
        roles.set(name, { description, trust, tags: { ...tags }, attached: new Set(), inline: new Map() });
        return publicRole(account, name) as Role;
      }),
    setTrust: async (role, trust) =>
      gate.change('iam:UpdateAssumeRolePolicy', `role ${role}`, () => {
        const stored = existing(account, 'iam:UpdateAssumeRolePolicy', role);
        checkTrust('iam:UpdateAssumeRolePolicy', role, trust);
        stored.trust = trust;
      }),
    tag: async (role, tags) =>
      gate.change('iam:TagRole', `role ${role}`, () => {
        const stored = existing(account, 'iam:TagRole', role);
        stored.tags = { ...stored.tags, ...tags };
      }),
    untag: async (role, keys) =>
      gate.change('iam:UntagRole', `role ${role}`, () => {
        const stored = existing(account, 'iam:UntagRole', role);
        stored.tags = Object.fromEntries(Object.entries(stored.tags).filter(([key]) => !keys.includes(key)));
      }),
    delete: async (role) =>
      gate.change('iam:DeleteRole', `role ${role}`, () => {
        const { attached, inline, instanceProfiles = [] } = roles.get(role) ?? { attached: new Set(), inline: new Map() };
        if (attached.size + inline.size + instanceProfiles.length > 0) throw failure('conflict', 'iam:DeleteRole', role, { problem: 'it cannot be deleted while it has policies or is in an instance profile' });
        roles.delete(role);
      }),

    attachedPolicies: async (role) => gate.read('iam:ListAttachedRolePolicies', `role ${role}`, () => [...(roles.get(role)?.attached ?? [])].map((arn) => ({ name: arn.slice(arn.lastIndexOf('/') + 1), arn }))),
    attach: async (role, policyArn) =>
      gate.change('iam:AttachRolePolicy', `role ${role}`, () => {
        const { attached } = existing(account, 'iam:AttachRolePolicy', role);
        if (!managedPolicies.has(policyArn)) throw failure('not-found', 'iam:AttachRolePolicy', role, { problem: `there is no policy ${policyArn}` });
        if (!attached.has(policyArn) && attached.size >= mostAttached) throw failure('limit-exceeded', 'iam:AttachRolePolicy', role);
        attached.add(policyArn);
      }),
    detach: async (role, policyArn) => gate.change('iam:DetachRolePolicy', `role ${role}`, () => void roles.get(role)?.attached.delete(policyArn)),
    managedPolicy: async (policyArn) => gate.read(['iam:GetPolicy', 'iam:GetPolicyVersion'], `policy ${policyArn}`, () => managedPolicies.get(policyArn)),

    inlinePolicies: async (role) => gate.read(['iam:ListRolePolicies', ...[...(roles.get(role)?.inline.keys() ?? [])].map(() => 'iam:GetRolePolicy')], `role ${role}`, () => [...(roles.get(role)?.inline ?? [])].map(([name, document]) => ({ name, document }))),
    putInline: async (role, { name, document }) =>
      gate.change('iam:PutRolePolicy', `role ${role}`, () => {
        const { inline } = existing(account, 'iam:PutRolePolicy', role);
        checkDocument('iam:PutRolePolicy', role, document);
        const all = new Map(inline).set(name, document);
        if ([...all.values()].reduce((sum, text) => sum + countedLength(text), 0) > mostInline) throw failure('limit-exceeded', 'iam:PutRolePolicy', role);
        inline.set(name, document);
      }),
    deleteInline: async (role, policy) => gate.change('iam:DeleteRolePolicy', `role ${role}`, () => void roles.get(role)?.inline.delete(policy)),
  };
}

function publicRole(account: Account, name: string): Role | undefined {
  const stored = account.roles.get(name);
  return stored === undefined ? undefined : { name, arn: roleArn(account, name), trust: stored.trust, tags: { ...stored.tags }, boundary: stored.boundary };
}

function existing({ roles }: Account, action: string, role: string): StoredRole {
  const stored = roles.get(role);
  if (stored === undefined) throw failure('not-found', action, role);
  return stored;
}

function checkTrust(action: string, role: string, trust: string): void {
  checkDocument(action, role, trust);
  if (countedLength(trust) > mostTrust) throw failure('limit-exceeded', action, role);
}

/** IAM wants statements, each with an effect. */
function checkDocument(action: string, role: string, text: string): void {
  const statements = statementsOf(text);
  if (statements.length === 0 || !statements.every(({ Effect }) => Effect === 'Allow' || Effect === 'Deny')) throw failure('refused', action, role, { problem: 'the policy is malformed' });
}

function statementsOf(text: string): { Effect?: unknown }[] {
  try {
    const { Statement = [] } = JSON.parse(text) as { Statement?: { Effect?: unknown } | { Effect?: unknown }[] };
    return [Statement].flat();
  } catch {
    return [];
  }
}

/** IAM does not count whitespace. */
function countedLength(text: string): number {
  return text.replaceAll(/\s/g, '').length;
}

function failure(fault: CloudFault, action: string, role: string, detail: Detail = {}): Error {
  return cloudError(fault, { action, subject: `role ${role}` }, detail);
}
