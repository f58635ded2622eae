/** A policy as IAM takes it, with everything in one form. */
export type PolicyDocument = { readonly version: PolicyVersion; readonly statements: readonly Statement[] };

/** Variables such as `${aws:username}` are text in the older one, which is also that of a document without a version. */
export const policyVersions = ['2008-10-17', '2012-10-17'] as const;
export type PolicyVersion = (typeof policyVersions)[number];

export type Statement = {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Listed;
  /** Undefined in a trust policy, which speaks of its role. */
  readonly resources: Listed | undefined;
  /** Undefined in a policy of an identity, which speaks of whom it is attached to. */
  readonly principals: ListedPrincipals | undefined;
  readonly conditions: readonly ConditionTest[];
};

/** `Action` or, with `isNot`, `NotAction`; and so on. */
export type Listed = { readonly isNot: boolean; readonly patterns: readonly string[] };
export type ListedPrincipals = { readonly isNot: boolean; readonly principals: readonly Principal[] };
/** @example { kind: 'Service', id: 'credentials.iot.amazonaws.com' } */
export type Principal = { readonly kind: PrincipalKind; readonly id: string };
/** `any` is the principal `*`. */
export type PrincipalKind = 'any' | 'AWS' | 'Service' | 'Federated' | 'CanonicalUser';

/** One key below one operator. @example { operator: 'StringEquals', key: 'aws:SourceAccount', values: ['123456789012'] } */
export type ConditionTest = { readonly operator: string; readonly key: string; readonly values: readonly string[] };

/** What a policy is attached to: that decides what its statements have to hold. */
export type PolicyKind = 'identity' | 'resource' | 'trust';
