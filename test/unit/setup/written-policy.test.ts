import { expect, test } from 'vitest';
import { readPolicy, samePolicy, type Statement, type WrittenPolicy } from '../../../scripts/setup/written-policy.ts';

const policy = (...statements: Statement[]): WrittenPolicy => ({ Version: '2012-10-17', Statement: statements });
const put: Statement = { Sid: 'Put', Effect: 'Allow', Action: ['s3:PutObject', 's3:GetObject'], Resource: 'arn:aws:s3:::a/*' };

test.each([
  ['the same', put, true],
  ['another Sid', { ...put, Sid: 'Other' }, true],
  ['no Sid', { Effect: 'Allow', Action: ['s3:PutObject', 's3:GetObject'], Resource: 'arn:aws:s3:::a/*' }, true],
  ['actions in another order', { ...put, Action: ['s3:GetObject', 's3:PutObject'] }, true],
  ['a list of one in place of a word', { ...put, Resource: ['arn:aws:s3:::a/*'] }, true],
  ['an action less', { ...put, Action: 's3:PutObject' }, false],
  ['another effect', { ...put, Effect: 'Deny' }, false],
  ['a condition', { ...put, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }, false],
  ['NotAction', { ...put, Action: undefined, NotAction: ['s3:PutObject', 's3:GetObject'] }, false],
])('%s', (_name, other, isSame) => {
  expect(samePolicy(policy(put), policy(other as Statement))).toBe(isSame);
});

test('the order of statements does not matter, a statement more does', () => {
  const other = { ...put, Resource: 'arn:aws:s3:::b/*' };
  expect(samePolicy(policy(put, other), policy(other, put))).toBe(true);
  expect(samePolicy(policy(put, other), policy(put))).toBe(false);
  expect(samePolicy(policy(put), policy(put, other))).toBe(false);
});

test('a statement without a list around it is read as well', () => {
  expect(readPolicy('{"Version":"2012-10-17","Statement":{"Effect":"Allow"}}', 'It').Statement).toEqual([{ Effect: 'Allow' }]);
});

test.each(['', 'no JSON', '[]', '{}', '{"Statement":["text"]}', '{"Statement":null}'])('%j is refused', (text) => {
  expect(() => readPolicy(text, 'The policy of role A')).toThrow(/^The policy of role A cannot be understood: expected a JSON object with statements\. Correct it/);
});
