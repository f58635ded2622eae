import { expect, test } from 'vitest';
import { describeDecision, type Policy } from '../../../scripts/policy/decide.ts';
import { parsePolicy } from '../../../scripts/policy/parse-policy.ts';
import { decideTrust, trusted } from '../../../scripts/policy/trust.ts';

const iot = 'credentials.iot.amazonaws.com';

function trust(...statements: readonly object[]): Policy {
  return { name: 'trust policy', document: parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements.map((one) => ({ Effect: 'Allow', Action: 'sts:AssumeRole', ...one })) }), { name: 'trust policy', kind: 'trust' }) };
}

const ofAccount = (account: string): object => ({ Principal: { Service: iot }, Condition: { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': 'arn:aws:iot:*:*:rolealias/SageMakerEdge-*' } } });

test.each([
  ['by name', [{ Principal: { Service: iot } }], 'is allowed by statement 1 of trust policy'],
  ['in a list', [{ Principal: { Service: ['sagemaker.amazonaws.com', iot] } }], 'is allowed by statement 1 of trust policy'],
  ['in a statement of its own', [{ Principal: { Service: 'sagemaker.amazonaws.com' } }, { Principal: { Service: iot }, Sid: 'Devices' }], 'is allowed by statement Devices of trust policy'],
  ['as everybody', [{ Principal: '*' }], 'is allowed by statement 1 of trust policy'],
  ['by a wildcard action', [{ Principal: { Service: iot }, Action: ['sts:*'] }], 'is allowed by statement 1 of trust policy'],
  ['for another action', [{ Principal: { Service: iot }, Action: 'sts:TagSession' }], 'is allowed by no policy'],
  ['not', [{ Principal: { Service: 'iot.amazonaws.com' } }, { Principal: { AWS: '123456789012' } }], 'is allowed by no policy'],
  ['and then denied', [{ Principal: '*' }, { Effect: 'Deny', Principal: { Service: iot } }], 'is denied by statement 2 of trust policy'],
  ['and all others denied', [{ Principal: { Service: iot } }, { Effect: 'Deny', NotPrincipal: { Service: iot } }], 'is allowed by statement 1 of trust policy'],
  ['and denied with all others', [{ Principal: { Service: iot } }, { Effect: 'Deny', NotPrincipal: { Service: 'sagemaker.amazonaws.com' } }], 'is denied by statement 2 of trust policy'],
  ['for the account', [ofAccount('123456789012')], 'is allowed by statement 1 of trust policy'],
  ['for another account', [ofAccount('999999999999')], 'is allowed by no policy'],
  ['under a condition not known', [{ Principal: { Service: iot }, Condition: { StringEquals: { 'aws:SourceOrgID': 'o-1' } } }], 'is allowed by statement 1 of trust policy only if aws:SourceOrgID StringEquals o-1'],
])('a service is trusted %s', (_, statements, words) => {
  const context = { 'aws:SourceAccount': '123456789012', 'aws:SourceArn': 'arn:aws:iot:eu-west-1:123456789012:rolealias/SageMakerEdge-lobby' };
  expect(describeDecision(decideTrust(trust(...statements), { service: iot, context }))).toBe(words);
});

test('all that are trusted are listed once', () => {
  const policy = trust({ Principal: { Service: [iot, 'lambda.amazonaws.com'] } }, { Principal: { Service: iot, AWS: '123456789012' } }, { Effect: 'Deny', Principal: { AWS: 'arn:aws:iam::1:root' } }, { NotPrincipal: { AWS: '1' } });
  expect(trusted(policy)).toEqual([
    { kind: 'Service', id: iot },
    { kind: 'Service', id: 'lambda.amazonaws.com' },
    { kind: 'AWS', id: '123456789012' },
    { kind: 'any', id: '*' },
  ]);
});
