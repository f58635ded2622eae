import { expect, test } from 'vitest';
import { isWithin, uncovered } from '../../../scripts/policy/covers.ts';
import type { Policy } from '../../../scripts/policy/decide.ts';
import { parsePolicy } from '../../../scripts/policy/parse-policy.ts';

function policy(...statements: readonly object[]): Policy {
  return { name: 'P', document: parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements.map((one) => ({ Effect: 'Allow', Resource: '*', ...one })) }), { name: 'P', kind: 'identity' }) };
}

test('what is allowed already is left out', () => {
  const policies = [policy({ Action: 's3:Put*', Resource: 'arn:aws:s3:::lobby/*' }), policy({ Action: 'greengrass:*' })];
  const wanted = { actions: ['s3:PutObject', 's3:GetObject'], resources: ['arn:aws:s3:::lobby/sme-capture/*'] };
  expect(uncovered({ policies, wanted })).toEqual([{ action: 's3:GetObject', resource: 'arn:aws:s3:::lobby/sme-capture/*', decision: { effect: 'not-allowed' } }]);
  expect(uncovered({ policies, wanted: { actions: ['greengrass:DescribeComponent'], resources: ['*'] } })).toEqual([]);
});

test('what is denied, or allowed under a condition, is not covered', () => {
  const wanted = { actions: ['s3:PutObject'], resources: ['arn:aws:s3:::lobby/*'] };
  const effects = (...statements: readonly object[]): string[] => uncovered({ policies: [policy(...statements)], wanted, context: { 'aws:SecureTransport': 'true' } }).map(({ decision }) => decision.effect);
  expect(effects({ Action: '*' }, { Effect: 'Deny', Action: 's3:*' })).toEqual(['denied']);
  expect(effects({ Action: '*', Condition: { Bool: { 'x:y': 'true' } } })).toEqual(['conditional']);
  expect(effects({ Action: '*', Condition: { Bool: { 'aws:SecureTransport': 'true' } } })).toEqual([]);
});

const limit = policy({ Action: ['s3:PutObject', 's3:GetBucketLocation'], Resource: ['arn:aws:s3:::lobby', 'arn:aws:s3:::lobby/*'] });

test.each([
  ['the same', { Action: ['s3:PutObject', 's3:GetBucketLocation'], Resource: ['arn:aws:s3:::lobby', 'arn:aws:s3:::lobby/*'] }, true],
  ['less', { Action: 'S3:putobject', Resource: 'arn:aws:s3:::lobby/sme-capture/*' }, true],
  ['a deny', { Effect: 'Deny', Action: '*' }, true],
  ['another action', { Action: 's3:GetObject', Resource: 'arn:aws:s3:::lobby/*' }, false],
  ['a wider action', { Action: 's3:Put*', Resource: 'arn:aws:s3:::lobby/*' }, false],
  ['a wider resource', { Action: 's3:PutObject', Resource: 'arn:aws:s3:::lobby*' }, false],
  ['a variable', { Action: 's3:PutObject', Resource: 'arn:aws:s3:::lobby/${aws:username}/*' }, true],
  ['a variable in place of a bucket', { Action: 's3:PutObject', Resource: 'arn:aws:s3:::${aws:username}/*' }, false],
  ['NotAction', { NotAction: 'iam:*', Resource: 'arn:aws:s3:::lobby/*' }, false],
])('within a limit: %s', (_, statement, expected) => {
  expect(isWithin(policy(statement).document, limit)).toBe(expected);
});
