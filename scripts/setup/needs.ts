import type { PolicyText } from '../cloud/cloud.ts';
import { decide, describeDecision, type Decision, type Policy } from '../policy/decide.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import type { Desired } from './desired.ts';
import { documentedActions, s3Arn } from './documents.ts';

/** One action that a device has to be allowed, with all that the resource's wildcards stand for. */
export type Need = { readonly action: string; readonly resource: string };
export type Decided = Need & { readonly decision: Decision };

/** What inline policies have to give: less than what setup writes, so that a policy that somebody made stricter may do. */
export function needsOf({ variant, names, place, prefix, fleet, artifacts }: Desired): readonly Need[] {
  const bucket = s3Arn(place, names.bucket);
  const fetching = artifacts.map((location) => ({ action: 's3:GetObject', resource: `${s3Arn(place, location)}${location.includes('/') ? '' : '/'}*` }));
  if (variant === 'as-documented') return [...documentedActions.map((action) => ({ action, resource: '*' })), ...fetching];
  return [{ action: 's3:PutObject', resource: `${bucket}/${prefix}/${fleet}/*` }, { action: 's3:GetBucketLocation', resource: bucket }, { action: 's3:GetObject', resource: `${bucket}/dev.fescue.*` }, ...fetching];
}

/** @param options.boundary of the role */
export function decideNeeds(needs: readonly Need[], { policies, boundary }: { policies: readonly PolicyText[]; boundary: PolicyText | undefined }): readonly Decided[] {
  const parsed = policies.map(policyOf);
  const limit = boundary === undefined ? undefined : policyOf(boundary);
  return needs.map((need) => ({ ...need, decision: decide({ policies: parsed, boundary: limit, request: need }) }));
}

export function policyOf({ name, document }: PolicyText): Policy {
  return { name: `policy ${name}`, document: parsePolicy(document, { name, kind: 'identity' }) };
}

/** Whether somebody has seen to it, though it may be under a condition of theirs. */
export function isGranted({ decision }: Decided): boolean {
  return decision.effect === 'allowed' || decision.effect === 'conditional';
}

/** Whether no policy that setup might add would help. */
export function isForbidden({ decision }: Decided): boolean {
  return decision.effect === 'denied' || (decision.effect === 'not-allowed' && decision.within !== undefined);
}

export function describeDecided(decided: readonly Decided[]): string {
  return decided.map(({ action, resource, decision }) => `${action} on ${resource} ${describeDecision(decision)}`).join('; ');
}
