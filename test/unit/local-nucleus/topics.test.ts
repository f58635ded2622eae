import { expect, test } from 'vitest';
import { Topics } from '../../../scripts/local-nucleus/topics.ts';

test.each([
  ['a/b', 'a/b', true],
  ['a/+', 'a/b', true],
  ['a/+', 'a/b/c', false],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['#', 'a/b', true],
  ['#', '$aws/things/a/shadow/update', false],
  ['+/things/#', '$aws/things/a/shadow/update', false],
  ['$aws/things/+/shadow/#', '$aws/things/a/shadow/update', true],
])('the filter %s and the topic %s: %s', (filter, topic, matches) => {
  const topics = new Topics();
  let isHeard = false;
  topics.subscribe(filter, () => (isHeard = true));
  topics.publish({ topic, payload: new Uint8Array() });
  expect(isHeard).toBe(matches);
});
