import { expect, test } from 'vitest';
import { resourceExpression } from '../../../scripts/local-nucleus/access-control.ts';
import { Topics } from '../../../scripts/local-nucleus/topics.ts';

const matches = (pattern: string, resource: string, mqtt = false): boolean | undefined => resourceExpression(pattern, mqtt)?.test(resource);

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/bc', false],
  ['*', 'any/thing', true],
  ['a/*/c', 'a/b/b/c', true],
  ['a.b', 'axb', false],
  ['a/${*}', 'a/*', true],
  ['a/${*}', 'a/x', false],
  ['a/${$}${?}', 'a/$?', true],
  ['a/+', 'a/b', false],
  ['a/+', 'a/+', true],
])('resource %s for %s: %s', (pattern, resource, expected) => {
  expect(matches(pattern, resource)).toBe(expected);
});

test.each([
  ['a/+/c', 'a/b/c', true],
  ['a/+/c', 'a/b/b/c', false],
  ['a/#', 'a/b/c', true],
  ['a/x+', 'a/xy', false],
  ['a/#/b', 'a/c/b', false],
])('as an MQTT filter, %s for %s: %s', (pattern, resource, expected) => {
  expect(matches(pattern, resource, true)).toBe(expected);
});

test('a bare question mark makes the resource void', () => {
  expect(resourceExpression('a?', false)).toBeUndefined();
});

test.each([
  ['a/b', 'a/b', true],
  ['a/+', 'a/b', true],
  ['a/+', 'a/b/c', false],
  ['+/b', '/b', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a', true],
  ['a/#', 'ab', false],
  ['#', 'any/thing', true],
  ['a.c', 'abc', false],
])('subscription %s gets %s: %s', (filter, topic, expected) => {
  const topics = new Topics();
  const received: string[] = [];
  const end = topics.subscribe(filter, (message) => received.push(message.topic));
  topics.publish({ topic, payload: new Uint8Array() });
  end();
  topics.publish({ topic, payload: new Uint8Array() });
  expect(received.length).toBe(expected ? 1 : 0);
});
