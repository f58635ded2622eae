import { describe, expect, test } from 'vitest';
import { parseReset, parseSetting, updatesOf } from '../../../scripts/deploy/configuration.ts';

describe('a setting', () => {
  test.each([
    ['com.example.A:/Key=1', { component: 'com.example.A', pointer: '/Key', value: 1 }],
    ['com.example.A:/Key=text', { component: 'com.example.A', pointer: '/Key', value: 'text' }],
    ['com.example.A:/Key=', { component: 'com.example.A', pointer: '/Key', value: '' }],
    ['com.example.A:/Key=true', { component: 'com.example.A', pointer: '/Key', value: true }],
    ['com.example.A:/Key="1"', { component: 'com.example.A', pointer: '/Key', value: '1' }],
    ['com.example.A:/Key=a=b:c', { component: 'com.example.A', pointer: '/Key', value: 'a=b:c' }],
    ['com.example.A:/a/b~1c={"d":[1]}', { component: 'com.example.A', pointer: '/a/b~1c', value: { d: [1] } }],
    ['com.example.A:={"d":1}', { component: 'com.example.A', pointer: '', value: { d: 1 } }],
  ])('%s', (text, change) => {
    expect(parseSetting(text)).toEqual(change);
  });

  test.each([['com.example.A', 'Expected component:/key=value'], ['/Key=1', 'Expected component:/key=value'], ['a b:/Key=1', 'Expected'], ['com.example.A:Key=1', 'is no JSON pointer'], ['com.example.A:=1', 'can only be set to an object']])('%j is refused', (text, message) => {
    expect(() => parseSetting(text)).toThrow(message);
  });
});

test('a reset', () => {
  expect(parseReset('com.example.A:/Key')).toEqual({ component: 'com.example.A', pointer: '/Key' });
  expect(parseReset('com.example.A:')).toEqual({ component: 'com.example.A', pointer: '' });
  expect(() => parseReset('com.example.A')).toThrow('Expected component:/key');
  expect(() => parseReset('com.example.A:Key')).toThrow('is no JSON pointer');
});

test('changes come after files, in turn, and become one update for each component', () => {
  const files = { a: { MERGE: { x: { one: 1, two: 2 }, y: 1 }, RESET: ['/z'] } };
  const changes = ['a:/x/one=10', 'b:/list=[1]', 'a:/y=2', 'a:/y=3'].map(parseSetting);
  expect(updatesOf(files, [...changes, parseReset('a:/w')])).toEqual({ a: { MERGE: { x: { one: 10, two: 2 }, y: 3 }, RESET: ['/z', '/w'] }, b: { MERGE: { list: [1] } } });
  expect(files.a.MERGE.y).toBe(1);
});
