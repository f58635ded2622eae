import { expect, test } from 'vitest';
import { applyUpdate, ConfigStore, mergeJson } from '../../../scripts/local-nucleus/config-store.ts';

test('objects merge key by key in any case; lists and plain values replace', () => {
  expect(mergeJson({ A: { b: 1, c: [1, 2] }, d: 1 }, { a: { B: 2, c: [3] }, e: null })).toEqual({ A: { b: 2, c: [3] }, d: 1, e: null });
});

test('an update resets first, then merges, on top of the defaults', () => {
  const defaults = { A: 1, B: { C: 2, D: 3 } };
  expect(applyUpdate(defaults, {}, {})).toEqual(defaults);
  expect(applyUpdate(defaults, { A: 9, B: { C: 9, D: 9 }, Old: 1 }, { RESET: ['/A', '/B/C', '/Old'], MERGE: { B: { E: 4 } } })).toEqual({ A: 1, B: { C: 2, D: 9, E: 4 } });
  expect(applyUpdate(defaults, { A: 9 }, { RESET: [''] })).toEqual(defaults);
  expect(() => applyUpdate(defaults, {}, { RESET: ['A'] })).toThrow(/"A" is no JSON pointer/);
});

test('a deployment tells subscribers what differs, removed keys included', () => {
  const store = new ConfigStore();
  store.set('one', { A: 1, B: { C: 2 } });
  const all: string[][] = [];
  const below: string[][] = [];
  const end = store.subscribe('one', [], (path) => all.push(path));
  store.subscribe('one', ['b'], (path) => below.push(path));
  store.set('one', { A: 1, B: { D: 3 } });
  expect(all).toEqual([['B', 'C'], ['B', 'D']]);
  expect(below).toEqual(all);
  end();
  store.set('one', {});
  expect(all.length).toBe(2);
});

test('what is handed out is a copy', () => {
  const store = new ConfigStore();
  store.set('one', { A: { B: 1 } });
  const copy = store.get('one');
  if (copy !== undefined) copy.A = 'changed';
  expect(store.find('one', ['a', 'b'])).toEqual({ key: 'B', value: 1 });
});

test('an older change of the same leaf is refused, of another one not', () => {
  const store = new ConfigStore();
  store.set('one', {});
  expect(store.merge('one', ['A'], 1, 2000)).toBe(true);
  expect(store.merge('one', ['A'], 2, 1000)).toBe(false);
  expect(store.merge('one', ['B'], 3, 1000)).toBe(true);
  expect(store.get('one')).toEqual({ A: 1, B: 3 });
});

test('what is exported comes back with its timestamps; what is not in it is gone', () => {
  const before = new ConfigStore();
  before.set('one', { A: 1 });
  before.merge('one', ['A'], 2, 2000);
  const stored = JSON.parse(JSON.stringify(before.export())) as ReturnType<ConfigStore['export']>;
  const after = new ConfigStore();
  after.set('one', { A: 7, B: 8 });
  after.set('two', {});
  const changed: string[][] = [];
  after.subscribe('one', [], (path) => changed.push(path));
  after.restore(stored);
  expect(changed).toEqual([['A'], ['B']]);
  expect([after.get('one'), after.get('two')]).toEqual([{ A: 2 }, undefined]);
  expect(after.merge('one', ['A'], 3, 1000)).toBe(false);
  expect(after.merge('one', ['A'], 3, 3000)).toBe(true);
});

test('a deployment of another value ends the wait for later timestamps', () => {
  const store = new ConfigStore();
  store.set('one', { A: 1, B: 1 });
  store.merge('one', [], { A: 2, B: 2 }, 5000);
  store.set('one', { A: 3, B: 2 });
  expect(store.merge('one', ['A'], 4, 1000)).toBe(true);
  expect(store.merge('one', ['B'], 4, 1000)).toBe(false);
});
