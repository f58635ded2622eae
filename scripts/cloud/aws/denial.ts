/** What the message of a refusal tells of its reason. */
export type Denial = {
  /** The action in IAM's words that would have to be allowed, which may be one that was not asked for, such as `iam:PassRole`. */
  readonly action: string | undefined;
  /** The kind of policy that denies, or does not allow it. @example 'a service control policy' */
  readonly policy: string | undefined;
  /** Whether a statement denies it, so that allowing it elsewhere does not help. */
  readonly isExplicit: boolean;
};

/** Kinds of policies by which AWS explains, and who can change them where that is not the account's own administrator. */
const kinds = ['service control policy', 'resource control policy', 'permissions boundary', 'session policy', 'resource-based policy', 'identity-based policy', 'VPC endpoint policy'] as const;

/** Reads, of a message such as `User: … is not authorized to perform: iam:GetRole on resource: … with an explicit deny in a service control policy`. */
export function denialOf(message: string): Denial {
  const [, action] = /not authorized to perform:? ([a-z0-9-]{1,40}:[A-Za-z0-9*]{1,80})/.exec(message) ?? [];
  const isExplicit = /explicit deny/i.test(message);
  const kind = kinds.find((one) => message.includes(`deny in a ${one}`) || message.includes(`deny in an ${one}`) || message.includes(`no ${one} allows`));
  return { action, policy: kind === undefined ? undefined : `${kind === 'identity-based policy' ? 'an' : 'a'} ${kind}`, isExplicit };
}
