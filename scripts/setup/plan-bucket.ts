import type { Bucket, Role } from '../cloud/cloud.ts';
import { ownTags } from '../cloud/names.ts';
import { decide } from '../policy/decide.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import type { Desired } from './desired.ts';
import { diffLines } from './diff.ts';
import { s3Arn, tlsOnlyStatement } from './documents.ts';
import type { Place } from './place.ts';
import { isOwnBucket } from './state.ts';
import { step, type Step } from './step.ts';
import { policyText, policyVersion, readPolicy, type Statement, type WrittenPolicy } from './written-policy.ts';

/** Whom no statement means but those for all. */
const anybody = { kind: 'service', name: '' } as const;

/** What a bucket is made to be, part by part: whether it is, and what makes it so. */
type Part = { readonly resource: Step['resource']; readonly isRight: boolean; readonly right: string; readonly wrong: string; readonly diff?: Step['diff']; readonly action: Step['actions'][number] };

export function planBucket(there: Bucket | undefined, desired: Desired, { role }: { role: Role | undefined }): readonly Step[] {
  const { names, fleet, place, adopt } = desired;
  const subject = ['bucket', names.bucket] as const;
  const tag = { call: 'tag bucket', bucket: names.bucket, tags: { [ownTags.fleet]: fleet } } as const;
  if (there === undefined) {
    const create = step('create', subject, `in ${place.region}`, { actions: [{ call: 'create bucket', bucket: names.bucket }, tag] });
    return [create, ...partsOf(undefined, desired).map((part) => makePart(part, { bucket: names.bucket, change: 'create' }))];
  }
  if (there.region !== place.region) return [step('conflict', subject, `it is in ${there.region}, and the fleet in ${place.region}. Name another bucket with --bucket, or that region with --region.`)];
  const isOwn = isOwnBucket(there, { fleet, role });
  const owner = there.tags[ownTags.fleet];
  if (owner !== undefined && !isOwn && desired.chosen.bucket === undefined) return [step('conflict', subject, `setup made it for fleet ${owner}, whose name is much the same. Name another bucket with --bucket, or share this one with --bucket ${names.bucket}.`)];
  const needsTag = isOwn && owner === undefined;
  return [
    needsTag ? step('change', subject, 'made by a run that did not come to an end', { actions: [tag] }) : step('keep', subject, isOwn ? `in ${place.region}` : `in ${place.region}; setup did not make it for this fleet`),
    ...partsOf(there, desired).map((part) => planPart(part, { bucket: names.bucket, mayChange: isOwn || adopt })),
  ];
}

function planPart(part: Part, { bucket, mayChange }: { bucket: string; mayChange: boolean }): Step {
  if (part.isRight) return step('keep', [part.resource, bucket], part.right);
  if (!mayChange) return step('leave', [part.resource, bucket], `${part.wrong}, as its owner left it; --adopt makes it ${part.right}`);
  return makePart(part, { bucket, change: 'change' });
}

function makePart({ resource, right, diff, action }: Part, { bucket, change }: { bucket: string; change: 'create' | 'change' }): Step {
  return step(change, [resource, bucket], right, { ...(diff === undefined ? {} : { diff }), actions: [action] });
}

function partsOf(there: Bucket | undefined, { names, place }: Desired): readonly Part[] {
  const { bucket } = names;
  const before = there?.policy === undefined ? undefined : readPolicy(there.policy, `The policy of bucket ${bucket}`);
  const after = policyText(withStatement(before, tlsOnlyStatement(place, bucket)));
  const encryption = there?.encryption ?? 'AES256';
  return [
    { resource: 'bucket encryption', isRight: there?.encryption !== undefined, right: encryption === 'AES256' ? 'encrypted with keys of S3' : `encrypted by KMS (${encryption})`, wrong: 'not encrypted', action: { call: 'encrypt bucket', bucket } },
    { resource: 'bucket access', isRight: there?.isPrivate === true, right: 'private: all public access blocked', wrong: 'open to public access', action: { call: 'block public access', bucket } },
    { resource: 'bucket versioning', isRight: there?.versioning === 'Enabled', right: 'versioned', wrong: there?.versioning === 'Suspended' ? 'no longer versioned' : 'not versioned', action: { call: 'version bucket', bucket } },
    {
      resource: 'bucket policy',
      isRight: there?.policy !== undefined && refusesPlainHttp(there.policy, { place, bucket }),
      right: 'closed to requests without TLS',
      wrong: 'open to requests without TLS',
      diff: diffLines(before === undefined ? undefined : policyText(before), after),
      action: { call: 'set bucket policy', bucket, document: after },
    },
  ];
}

function withStatement(policy: WrittenPolicy | undefined, statement: Statement): WrittenPolicy {
  return { ...(policy ?? { Version: policyVersion }), Statement: [...(policy?.Statement ?? []).filter(({ Sid }) => Sid !== statement.Sid), statement] };
}

/** Whether everybody is refused everything in the bucket without TLS, whoever wrote that, and however. */
function refusesPlainHttp(policy: string, { place, bucket }: { place: Place; bucket: string }): boolean {
  const name = `of bucket ${bucket}`;
  const { version, statements } = parsePolicy(policy, { name, kind: 'resource' });
  // Those that leave somebody out refuse not everybody.
  const document = { version, statements: statements.filter(({ principals }) => principals?.isNot === false) };
  return ['', '/*'].every((path) => decide({ policies: [], resourcePolicy: { name, document }, requester: anybody, request: { action: 's3:*', resource: `${s3Arn(place, bucket)}${path}`, context: { 'aws:SecureTransport': 'false' } } }).effect === 'denied');
}
