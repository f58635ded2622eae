import { FescueError } from '../../../components/common/errors.ts';
import type { CloudError } from '../../cloud/cloud-error.ts';
import type { PolicyText } from '../../cloud/cloud.ts';
import { decide, type Decision, type Policy } from '../../policy/decide.ts';
import type { PolicyKind } from '../../policy/document.ts';
import { parsePolicy } from '../../policy/parse-policy.ts';
import type { PolicyRequest } from '../../policy/statement.ts';
import type { CloudContext } from '../check.ts';
import { attempt, type RoleInQuestion } from './subject.ts';

/** What a role's policies say, as far as they can be read. */
export type Permissions = {
  readonly policies: readonly Policy[];
  readonly inlineNames: readonly string[];
  readonly boundary: Policy | undefined;
  /** Calls that were not allowed, by which policies are missing here. */
  readonly denied: readonly CloudError[];
  /** Whether the boundary is among those, or may be. */
  readonly isBoundaryUnknown: boolean;
  /** What is wrong with documents that cannot be used. */
  readonly unusable: readonly string[];
};

export async function permissionsOf(found: RoleInQuestion, { cloud: { roles } }: CloudContext): Promise<Permissions> {
  const inline = await attempt(roles.inlinePolicies(found.name));
  const attached = await attempt(roles.attachedPolicies(found.name));
  const managed = await Promise.all((attached.value ?? []).map(async ({ arn }) => attempt(roles.managedPolicy(arn))));
  const limit = found.role?.boundary === undefined ? undefined : await attempt(roles.managedPolicy(found.role.boundary));
  const parsed = [...(inline.value ?? []).map((one) => parsedOrNot(one, 'inline policy')), ...managed.flatMap(({ value }) => (value === undefined ? [] : [parsedOrNot(value, 'managed policy')]))];
  const boundary = limit?.value === undefined ? undefined : parsedOrNot(limit.value, 'managed policy');
  return {
    policies: parsed.filter((one) => typeof one !== 'string'),
    inlineNames: (inline.value ?? []).map(({ name }) => name),
    boundary: typeof boundary === 'string' ? undefined : boundary,
    denied: [inline, attached, ...managed, ...(limit === undefined ? [] : [limit])].flatMap(({ denied }) => denied ?? []),
    isBoundaryUnknown: found.denied !== undefined || limit?.denied !== undefined || typeof boundary === 'string',
    unusable: [...parsed, boundary].filter((one) => typeof one === 'string'),
  };
}

/** @returns what is wrong with it, in words, when it cannot be used */
export function parsedOrNot({ name: plain, document }: PolicyText, what: string, kind: PolicyKind = 'identity'): Policy | string {
  const name = `${what} ${plain}`.trim();
  try {
    return { name, document: parsePolicy(document, { name, kind }) };
  } catch (error) {
    if (error instanceof FescueError) return error.message;
    throw error;
  }
}

/** A name for an inline policy that takes no other's place. */
export function freeName(base: string, { inlineNames }: Permissions): string {
  const numbered = [base, ...inlineNames.map((_, index) => `${base}-${index + 2}`)];
  return numbered.find((name) => !inlineNames.includes(name)) ?? base;
}

/** One action with what was decided. */
export type Decided = PolicyRequest & { readonly decision: Decision };

export function decideAll(requests: readonly PolicyRequest[], { policies, boundary }: Permissions): readonly Decided[] {
  return requests.map((request) => ({ ...request, decision: decide({ policies, boundary, request }) }));
}
