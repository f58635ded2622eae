import type { RequestContext } from './context.ts';
import { decide, type Decision, type Policy } from './decide.ts';
import type { Principal } from './document.ts';

/**
 * Whether a service may take a role.
 *
 * @param trust the role's trust policy
 * @param about.service its principal, such as `credentials.iot.amazonaws.com`
 * @param about.context what is known of its request, such as `aws:SourceAccount`
 */
export function decideTrust(trust: Policy, { service, context }: { readonly service: string; readonly context?: RequestContext }): Decision {
  const request = { action: 'sts:AssumeRole', resource: '*', ...(context === undefined ? {} : { context }) };
  return decide({ policies: [trust], requester: { kind: 'service', name: service }, request });
}

/** Whom a trust policy lets in, each once; with `isNot` in place of principals, everybody else. */
export function trusted({ document }: Policy): readonly Principal[] {
  const named = document.statements.filter(({ effect }) => effect === 'Allow').flatMap(({ principals }) => (principals === undefined ? [] : principals.isNot ? [{ kind: 'any' as const, id: '*' }] : principals.principals));
  return [...new Map(named.map((one) => [`${one.kind} ${one.id}`, one])).values()];
}

/** Whether anybody, in whatever account, may take the role. */
export function isOpenToAll(trust: Policy): boolean {
  const request = { action: 'sts:AssumeRole', resource: '*' };
  return decide({ policies: [trust], requester: { kind: 'role', arn: 'arn:aws:iam::000000000000:role/anybody' }, request }).effect === 'allowed';
}
