import { FescueError } from '../../components/common/errors.ts';

/** Characters that IAM takes for each kind, unless a quota was raised; S3 counts bytes. */
export const policyLimits = {
  trust: 2_048,
  managed: 6_144,
  /** Of all inline policies of a role together. */
  inline: 10_240,
  bucket: 20_480,
} as const;
export type SizedPolicy = keyof typeof policyLimits;

/** The size of documents as IAM counts it: white space does not. */
export function policySize(documents: readonly string[], kind: SizedPolicy): number {
  const text = documents.join('').replaceAll(/\s/g, '');
  return kind === 'bucket' ? Buffer.byteLength(text) : text.length;
}

/** @throws FescueError `resource-exhausted` when IAM would refuse them as too large */
export function checkPolicySize(documents: readonly string[], { kind, name }: { readonly kind: SizedPolicy; readonly name: string }): void {
  const size = policySize(documents, kind);
  const limit = policyLimits[kind];
  if (size <= limit) return;
  const what = kind === 'inline' ? 'all inline policies together' : `a ${kind} policy`;
  throw new FescueError('resource-exhausted', `${name} is too large: AWS takes ${limit} characters without white space for ${what}, got ${size}. Shorten it by wildcards, or move statements to a managed policy.`);
}
