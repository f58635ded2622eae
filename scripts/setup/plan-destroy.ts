import { ownTags } from '../cloud/names.ts';
import type { DestroyState } from './destroy-state.ts';
import type { Desired } from './desired.ts';
import { diffLines } from './diff.ts';
import { ownSids } from './documents.ts';
import { planRoleDestroy } from './plan-role-destroy.ts';
import { isOwnBucket } from './state.ts';
import { step, type Step } from './step.ts';
import { policyText, readPolicy } from './written-policy.ts';

/** What it takes to undo what setup did for a fleet. The role goes last: it knows what else is of setup's making. */
export function planDestroy(state: DestroyState, desired: Desired): readonly Step[] {
  return [...state.ownThings.map((thing) => planThing(thing, desired)), ...planAlias(state, desired), ...planGroup(state, desired), ...planBucket(state, desired), ...planRoleDestroy(state.role, desired)];
}

function planThing({ name, certificates }: DestroyState['ownThings'][number], { place }: Desired): Step {
  if (certificates.length === 0) return step('delete', ['thing', name], 'without a certificate', { actions: [{ call: 'delete thing', thing: name }] });
  const detach = certificates.map((arn) => `aws iot detach-thing-principal --region ${place.region} --thing-name ${name} --principal ${arn}`).join(' && ');
  return step('leave', ['thing', name], `a device is or was connected as this thing: its certificate is attached. To delete it as well: ${detach}, then the same command again`);
}

function planAlias({ alias }: DestroyState, { names, fleet }: Desired): Step[] {
  if (alias === undefined) return [];
  const subject = ['role alias', names.roleAlias] as const;
  if (alias.tags[ownTags.fleet] === fleet) return [step('delete', subject, `leads to ${alias.roleArn}`, { actions: [{ call: 'delete alias', alias: names.roleAlias }] })];
  return [step('leave', subject, `setup did not make it for this fleet; it leads to ${alias.roleArn}`)];
}

function planGroup({ group, memberCount, ownThings }: DestroyState, { names, fleet }: Desired): Step[] {
  if (group === undefined) return [];
  const subject = ['thing group', names.group] as const;
  if (group.tags[ownTags.fleet] !== fleet) return [step('leave', subject, 'setup did not make it for this fleet; things of others that setup put into it stay in it')];
  const staying = memberCount - ownThings.filter(({ certificates }) => certificates.length === 0).length;
  return [step('delete', subject, staying > 0 ? `the fleet; up to ${staying} things that stay are in it` : 'the fleet', { actions: [{ call: 'delete group', group: names.group }] })];
}

function planBucket({ bucket, role, isBucketEmpty }: DestroyState, { names, fleet }: Desired): Step[] {
  if (bucket === undefined) return [];
  const subject = ['bucket', names.bucket] as const;
  if (!isOwnBucket(bucket, { fleet, role: role?.role })) return [step('leave', subject, 'setup did not make it for this fleet'), ...(bucket.tags[ownTags.fleet] === undefined ? planBucketPolicy(bucket.policy, names.bucket) : [])];
  if (!isBucketEmpty) return [step('leave', subject, `it holds captures, or older versions of them. To delete it as well: empty it with Empty in the console of S3, then the same command again`)];
  return [step('delete', subject, 'empty', { actions: [{ call: 'delete bucket', bucket: names.bucket }] })];
}

/** Of a bucket of others, which setup closed to requests without TLS when it was asked to adopt it. */
function planBucketPolicy(policy: string | undefined, bucket: string): Step[] {
  const there = policy === undefined ? undefined : readPolicy(policy, `The policy of bucket ${bucket}`);
  if (there?.Statement.some(({ Sid }) => Sid === ownSids.tlsOnly) !== true) return [];
  const after = { ...there, Statement: there.Statement.filter(({ Sid }) => Sid !== ownSids.tlsOnly) };
  const isEmpty = after.Statement.length === 0;
  const action = isEmpty ? ({ call: 'delete bucket policy', bucket } as const) : ({ call: 'set bucket policy', bucket, document: policyText(after) } as const);
  return [step(isEmpty ? 'delete' : 'change', ['bucket policy', bucket], 'without the statement of setup', { diff: diffLines(policyText(there), isEmpty ? undefined : policyText(after)), actions: [action] })];
}
