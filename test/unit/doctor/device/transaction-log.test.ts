import { expect, test } from 'vitest';
import { replay } from '../../../../scripts/doctor/device/transaction-log.ts';

const line = (W: string, TP: readonly string[], V: unknown = null): string => JSON.stringify({ TS: 1, TP, W, V });

test('the last change of each value counts, and what was removed is gone', () => {
  const log = [
    line('changed', ['system', 'thingName'], 'first'),
    line('changed', ['services', 'com.example.Camera', 'version'], '1.0.0'),
    line('interiorAdded', ['services', 'main', 'lifecycle']),
    line('changed', ['services', 'com.example.Gate', 'configuration', 'List'], ['a', 'b']),
    line('timestampUpdated', ['system', 'thingName']),
    line('changed', ['system', 'thingName'], 'second'),
    line('removed', ['services', 'com.example.Camera']),
    line('removed', ['services', 'never.there', 'configuration']),
  ].join('\n');
  expect(replay(log)).toEqual({ system: { thingName: 'second' }, services: { main: { lifecycle: {} }, 'com.example.Gate': { configuration: { List: ['a', 'b'] } }, 'never.there': {} } });
});

test('a value in the way of further keys makes room', () => {
  expect(replay([line('changed', ['a'], 'text'), line('changed', ['a', 'b'], 1)].join('\n'))).toEqual({ a: { b: 1 } });
});

test('lines that cannot be read are passed over', () => {
  expect(replay(`${line('changed', ['a'], 1)}\n{"TS":1,"TP":["a"],"W":"chan\n\u0000\u0000\n[]\n${line('changed', [], 2)}\n`)).toEqual({ a: 1 });
});

test('keys with a meaning in JavaScript are keys', () => {
  const tree = replay([line('changed', ['__proto__', 'polluted'], true), line('changed', ['constructor', 'prototype', 'polluted'], true)].join('\n'));
  expect(Object.keys(tree)).toEqual(['__proto__', 'constructor']);
  expect('polluted' in {}).toBe(false);
});
