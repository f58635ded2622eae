import { expect, test } from 'vitest';
import { decideConditions } from '../../../scripts/policy/conditions.ts';
import { lookupIn } from '../../../scripts/policy/context.ts';

const lookup = lookupIn({
  'aws:SecureTransport': 'true',
  'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/Lobby',
  'aws:TagKeys': ['team', 'site'],
  's3:TlsVersion': '1.3',
  'aws:username': [],
  'aws:PrincipalTag/team': 'vision',
  'aws:PrincipalTag/*': [],
});

test.each([
  ['StringEquals', 'aws:PrincipalTag/team', ['audio', 'vision'], 'always'],
  ['StringEquals', 'AWS:PrincipalTag/TEAM', ['vision'], 'always'],
  ['StringEquals', 'aws:PrincipalTag/team', ['Vision'], 'never'],
  ['StringEquals', 'aws:PrincipalTag/team', ['v*'], 'never'],
  ['StringEqualsIgnoreCase', 'aws:PrincipalTag/team', ['Vision'], 'always'],
  ['StringNotEquals', 'aws:PrincipalTag/team', ['audio', 'vision'], 'never'],
  ['StringNotEqualsIgnoreCase', 'aws:PrincipalTag/team', ['VISION'], 'never'],
  ['StringLike', 'aws:PrincipalTag/team', ['v?s*'], 'always'],
  ['StringNotLike', 'aws:PrincipalTag/team', ['v*'], 'never'],
  ['StringEquals', 'aws:PrincipalTag/team', ['${aws:PrincipalTag/team}'], 'always'],
  ['StringEquals', 'aws:PrincipalTag/team', ['${aws:username}'], 'never'],
  ['StringNotEquals', 'aws:PrincipalTag/team', ['${aws:username}'], 'always'],
  ['StringEquals', 'aws:PrincipalTag/team', ['${aws:userid}'], 'sometimes'],
  ['StringLike', 'aws:PrincipalTag/team', ['a${aws:userid}'], 'never'],
  // A key that is not there matches nothing, and with it every negation holds.
  ['StringEquals', 'aws:PrincipalTag/site', ['x'], 'never'],
  ['StringNotEquals', 'aws:PrincipalTag/site', ['x'], 'always'],
  ['StringEqualsIfExists', 'aws:PrincipalTag/site', ['x'], 'always'],
  ['StringEqualsIfExists', 'aws:PrincipalTag/team', ['x'], 'never'],
  ['Null', 'aws:username', ['true'], 'always'],
  ['Null', 'aws:username', ['false'], 'never'],
  ['Null', 'aws:SecureTransport', ['false'], 'always'],
  ['Bool', 'aws:SecureTransport', ['True'], 'always'],
  ['Bool', 'aws:SecureTransport', ['false'], 'never'],
  ['BoolIfExists', 'aws:username', ['true'], 'always'],
  ['ArnLike', 'aws:PrincipalArn', ['arn:aws:iam::*:role/L*'], 'always'],
  ['ArnEquals', 'aws:PrincipalArn', ['arn:*:iam::123456789012:role/Lobby'], 'always'],
  ['ArnLike', 'aws:PrincipalArn', ['arn:aws:*:role/Lobby'], 'never'],
  ['StringLike', 'aws:PrincipalArn', ['arn:aws:*:role/Lobby'], 'always'],
  ['ArnNotLike', 'aws:PrincipalArn', ['arn:aws:iam::*:role/*'], 'never'],
  ['NumericLessThan', 's3:TlsVersion', ['1.2'], 'never'],
  ['NumericGreaterThanEquals', 's3:TlsVersion', ['1.3'], 'always'],
  ['NumericNotEquals', 's3:TlsVersion', ['1.2'], 'always'],
  ['ForAllValues:StringEquals', 'aws:TagKeys', ['team', 'site', 'x'], 'always'],
  ['ForAllValues:StringEquals', 'aws:TagKeys', ['team'], 'never'],
  ['ForAnyValue:StringEquals', 'aws:TagKeys', ['team'], 'always'],
  ['ForAnyValue:StringEquals', 'aws:TagKeys', ['x'], 'never'],
  ['ForAnyValue:StringNotEquals', 'aws:TagKeys', ['team'], 'always'],
  ['ForAllValues:StringNotEquals', 'aws:TagKeys', ['team'], 'never'],
  ['ForAllValues:StringLike', 'aws:username', ['x'], 'always'],
  ['ForAnyValue:StringLikeIfExists', 'aws:username', ['x'], 'never'],
  // What is not known, or not compared, is left open.
  ['StringEquals', 'aws:SourceVpc', ['vpc-1'], 'sometimes'],
  ['Null', 'aws:SourceVpc', ['true'], 'sometimes'],
  ['IpAddress', 'aws:PrincipalTag/team', ['10.0.0.0/8'], 'sometimes'],
  ['NotIpAddressIfExists', 'aws:username', ['10.0.0.0/8'], 'always'],
  ['DateGreaterThan', 'aws:CurrentTime', ['2020-01-01T00:00:00Z'], 'sometimes'],
  ['Surely', 'aws:SecureTransport', ['true'], 'sometimes'],
  ['constructor', 'aws:SecureTransport', ['true'], 'sometimes'],
] as const)('%s %s %j: %s', (operator, key, values, extent) => {
  expect(decideConditions([{ operator, key, values }], { lookup, variables: lookup }).extent).toBe(extent);
});

test('all tests have to hold, and those left open are named', () => {
  const open = { operator: 'IpAddress', key: 'aws:SourceIp', values: ['1.0.0.0/8', '2.0.0.0/8', '3.0.0.0/8', '4.0.0.0/8'] };
  const holds = { operator: 'Bool', key: 'aws:SecureTransport', values: ['true'] };
  expect(decideConditions([holds, open], { lookup, variables: lookup })).toEqual({ extent: 'sometimes', open: ['aws:SourceIp IpAddress 1.0.0.0/8 or 2.0.0.0/8 or 3.0.0.0/8 or 1 more'] });
  expect(decideConditions([open, { ...holds, values: ['false'] }], { lookup, variables: lookup }).extent).toBe('never');
  expect(decideConditions([], { lookup, variables: lookup })).toEqual({ extent: 'always', open: [] });
});
