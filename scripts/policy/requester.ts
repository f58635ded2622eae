import type { ListedPrincipals, Principal } from './document.ts';
import { anyOf, type Extent, extentOf, opposite } from './extent.ts';

/** Who asks: a role through its sessions, or a service of AWS. */
export type Requester = { readonly kind: 'role'; readonly arn: string } | { readonly kind: 'service'; readonly name: string };

/**
 * Whether a statement speaks of who asks.
 *
 * @param effect an account as principal is denied for all in it, while to allow it leaves the choice to the account's own policies
 * @param isBounded whether a permissions boundary limits who asks: then a Deny with NotPrincipal leaves them out in no case
 */
export function extentOfPrincipals({ isNot, principals }: ListedPrincipals, { requester, effect, isBounded }: { readonly requester: Requester; readonly effect: 'Allow' | 'Deny'; readonly isBounded: boolean }): Extent {
  if (isNot && isBounded && effect === 'Deny') return 'always';
  if (requester.kind === 'service') return inverted(anyOf(principals.map((one) => extentOf(one.kind === 'any' || (one.kind === 'Service' && one.id === requester.name)))), isNot);
  const extent = anyOf(principals.map((one) => ofRole(one, { arn: requester.arn, effect: isNot ? 'Deny' : effect })));
  // To be left out by NotPrincipal, a role has to be there with its account and its session, of which the name is not known.
  return isNot && extent !== 'never' && !principals.some((one) => one.kind === 'any') ? 'sometimes' : inverted(extent, isNot);
}

function inverted(extent: Extent, isNot: boolean): Extent {
  return isNot ? opposite(extent) : extent;
}

function ofRole({ kind, id }: Principal, { arn, effect }: { arn: string; effect: 'Allow' | 'Deny' }): Extent {
  if (kind === 'any') return 'always';
  if (kind !== 'AWS') return 'never';
  if (id === arn) return 'always';
  const { account, root, session } = otherArns(arn);
  if (id === account || id === root) return extentOf(effect === 'Deny');
  return id.startsWith(session) ? 'sometimes' : 'never';
}

/** @param arn such as `arn:aws:iam::123456789012:role/service-role/Name` */
function otherArns(arn: string): { account: string; root: string; session: string } {
  const [, partition = '', , , account = '', role = ''] = arn.split(':');
  return { account, root: `arn:${partition}:iam::${account}:root`, session: `arn:${partition}:sts::${account}:assumed-role/${role.slice(role.lastIndexOf('/') + 1)}/` };
}
