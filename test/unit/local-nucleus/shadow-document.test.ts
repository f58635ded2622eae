import { expect, test } from 'vitest';
import { deltaOf, depthOf, type ShadowDocument, type ShadowUpdate, updateShadow } from '../../../scripts/local-nucleus/shadow-document.ts';

/** The document after updates, one second apart. */
function after(...updates: ShadowUpdate[]): ShadowDocument {
  const empty: ShadowDocument = { state: {}, metadata: {}, version: 0 };
  return updates.reduce((document, update, index) => updateShadow(document, update, { version: index + 1, seconds: index + 1 }).document, empty);
}

test('objects merge, lists and values replace, null removes, and emptied sections vanish', () => {
  expect(after({ desired: { a: { b: 1, c: 2 }, list: [1, 2] } }, { desired: { a: { b: null, d: 3 }, list: [3] } }).state).toEqual({ desired: { a: { c: 2, d: 3 }, list: [3] } });
  expect(after({ desired: { a: 1 }, reported: { a: 1 } }, { desired: { a: null } })).toEqual({ state: { reported: { a: 1 } }, metadata: { reported: { a: { timestamp: 1 } } }, version: 2 });
  expect(after({ reported: { a: 1 } }, { reported: null })).toEqual({ state: {}, metadata: {}, version: 2 });
});

test('metadata has the time of each leaf, also where a value becomes an object and back', () => {
  expect(after({ reported: { a: 1, b: 1, list: [1, { c: 1 }] } }, { reported: { b: 2 } }).metadata.reported).toEqual({ a: { timestamp: 1 }, b: { timestamp: 2 }, list: [{ timestamp: 1 }, { timestamp: 1 }] });
  expect(after({ reported: { a: 1 } }, { reported: { a: { b: 2 } } }).metadata.reported).toEqual({ a: { b: { timestamp: 2 } } });
  expect(after({ reported: { a: { b: 1 } } }, { reported: { a: 2 } }).metadata.reported).toEqual({ a: { timestamp: 2 } });
  expect(updateShadow(after({ desired: { a: 1, b: 1 } }), { desired: { a: null, b: 2 } }, { version: 2, seconds: 9 }).metadata).toEqual({ desired: { b: { timestamp: 9 } } });
});

test.each<[string, ShadowUpdate, object | undefined]>([
  ['nothing is wanted', { reported: { a: 1 } }, undefined],
  ['everything is as wanted', { desired: { a: 1, b: { c: [1] } }, reported: { a: 1, b: { c: [1] }, more: 1 } }, undefined],
  ['nothing is reported', { desired: { a: 1 } }, { a: 1 }],
  ['a leaf differs', { desired: { a: { b: 1, c: 1 } }, reported: { a: { b: 2, c: 1 } } }, { a: { b: 1 } }],
  ['a list differs', { desired: { a: [1, 2] }, reported: { a: [1] } }, { a: [1, 2] }],
  ['an object is wanted where a value is', { desired: { a: { b: 1 } }, reported: { a: 1 } }, { a: { b: 1 } }],
])('the delta when %s', (_name, update, delta) => {
  expect(deltaOf(after(update))?.state).toEqual(delta);
});

test('the delta has the times of what is wanted', () => {
  expect(deltaOf(after({ desired: { a: { b: 1, c: 1 } } }, { desired: { a: { c: 2 } }, reported: { a: { b: 1 } } }))?.metadata).toEqual({ a: { c: { timestamp: 2 } } });
});

test('depth counts objects and lists', () => {
  expect([depthOf(1), depthOf(null), depthOf({}), depthOf({ a: [{}] })]).toEqual([0, 0, 1, 3]);
});
