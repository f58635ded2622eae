import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FescueError } from '../../../components/common/errors.ts';
import { parsePolicy } from '../../../scripts/policy/parse-policy.ts';

const allow = { Effect: 'Allow', Action: 's3:PutObject', Resource: '*' };

function parse(document: unknown, kind: Parameters<typeof parsePolicy>[1]['kind'] = 'identity'): ReturnType<typeof parsePolicy> {
  return parsePolicy(typeof document === 'string' ? document : JSON.stringify(document), { name: 'inline policy X', kind });
}

test('one statement, one action and one resource need no list', () => {
  const listed = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['s3:PutObject'], Resource: ['*'] }] };
  expect(parse({ Version: '2012-10-17', Statement: allow })).toEqual(parse(listed));
});

test('everything that a statement can hold is read', () => {
  const statement = { Sid: 'S', Effect: 'Deny', NotAction: 'iam:*', NotResource: ['arn:aws:s3:::a'], NotPrincipal: { AWS: ['123456789012', '*'], Service: 'iot.amazonaws.com' }, Condition: { Bool: { 'aws:SecureTransport': false }, NumericEquals: { 's3:max-keys': [10, '20'] } } };
  expect(parse({ Id: 'anything', Statement: [statement], Later: 'unknown to us' }, 'resource')).toEqual({
    version: '2008-10-17',
    statements: [
      {
        sid: 'S',
        effect: 'Deny',
        actions: { isNot: true, patterns: ['iam:*'] },
        resources: { isNot: true, patterns: ['arn:aws:s3:::a'] },
        principals: { isNot: true, principals: [{ kind: 'AWS', id: '123456789012' }, { kind: 'any', id: '*' }, { kind: 'Service', id: 'iot.amazonaws.com' }] },
        conditions: [
          { operator: 'Bool', key: 'aws:SecureTransport', values: ['false'] },
          { operator: 'NumericEquals', key: 's3:max-keys', values: ['10', '20'] },
        ],
      },
    ],
  });
});

test.each([
  ['not JSON', '{', 'identity', /^Policy inline policy X cannot be used: it is not JSON \(.+\)\. Correct the policy\.$/],
  ['still URL-encoded', '%7B%7D', 'identity', /it is not JSON/],
  ['a list', [], 'identity', /the document: expected an object, got a list/],
  ['no statement', {}, 'identity', /Statement: expected an object, got nothing/],
  ['another version', { Version: '2012-10-18', Statement: [] }, 'identity', /Version: expected 2008-10-17 or 2012-10-17, got "2012-10-18"/],
  ['a null statement', { Statement: [allow, null] }, 'identity', /Statement\[1\]: expected an object, got null/],
  ['an effect in lower case', { Statement: { ...allow, Effect: 'allow' } }, 'identity', /Statement\.Effect: expected Allow or Deny, got "allow"/],
  ['an element in lower case', { Statement: [{ ...allow, condition: {} }] }, 'identity', /Statement\[0\]: expected Condition, got "condition"/],
  ['no action', { Statement: [{ ...allow, Action: undefined }] }, 'identity', /expected either Action or NotAction, got nothing/],
  ['both actions', { Statement: [{ ...allow, NotAction: '*' }] }, 'identity', /expected either Action or NotAction, got "Action and NotAction"/],
  ['an action without its service', { Statement: [{ ...allow, Action: ['PutObject'] }] }, 'identity', /Statement\[0\]\.Action: expected an action such as s3:PutObject, or \*, got "PutObject"/],
  ['a number as action', { Statement: [{ ...allow, Action: [1] }] }, 'identity', /Action: expected an action such as s3:PutObject, or \*, or a list of them, got 1/],
  ['a resource that is no ARN', { Statement: [{ ...allow, Resource: 'bucket' }] }, 'identity', /Resource: expected an ARN, or \*, got "bucket"/],
  ['no resource', { Statement: [{ ...allow, Resource: undefined }] }, 'identity', /expected either Resource or NotResource/],
  ['a principal of an identity', { Statement: [{ ...allow, Principal: '*' }] }, 'identity', /Principal: expected nothing in a policy of this kind, got "\*"/],
  ['a bucket policy without principal', { Statement: [allow] }, 'resource', /expected either Principal or NotPrincipal, got nothing/],
  ['a trust policy with a resource', { Statement: [{ ...allow, Principal: '*' }] }, 'trust', /Resource: expected nothing in a policy of this kind/],
  ['a kind of principal that is none', { Statement: [{ ...allow, Principal: { Servise: 'x' } }] }, 'resource', /Principal: expected \* or ids by AWS, Service, Federated, CanonicalUser, got "Servise"/],
  ['a principal as bare text', { Statement: [{ ...allow, Principal: 'iot.amazonaws.com' }] }, 'resource', /Principal: expected an object, got "iot\.amazonaws\.com"/],
  ['a condition as list', { Statement: [{ ...allow, Condition: [] }] }, 'identity', /Condition: expected an object, got a list/],
  ['an object as value', { Statement: [{ ...allow, Condition: { Bool: { a: {} } } }] }, 'identity', /Condition\.Bool\.a: expected a value, or a list of them, got an object/],
  ['a Sid that is a number', { Statement: [{ ...allow, Sid: 7 }] }, 'identity', /Sid: expected a text, got 7/],
] as const)('%s is refused', (_, document, kind, message) => {
  expect(() => parse(document, kind)).toThrow(message);
});

test('a document beyond all limits is refused unread', () => {
  expect(() => parse(`${' '.repeat(300_000)}{}`)).toThrow(/expected at most 262144 characters, got 300002/);
});

test('whatever the text, it is read or refused', () => {
  const key = fc.constantFrom('Version', 'Statement', 'Effect', 'Action', 'Resource', 'Principal', 'Condition', '__proto__', 'toString');
  const { node } = fc.letrec((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, fc.constantFrom('Allow', '*', 's3:*', null, 1, true), fc.array(tie('node'), { maxLength: 3 }), fc.dictionary(key, tie('node'), { maxKeys: 5 })),
  }));
  fc.assert(
    fc.property(fc.oneof(fc.string(), node.map((value) => JSON.stringify(value))), fc.constantFrom('identity', 'resource', 'trust'), (text, kind) => {
      try {
        expect(parse(text, kind).statements.length).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(error).toBeInstanceOf(FescueError);
      }
    }),
    { numRuns: 1_000 },
  );
});
