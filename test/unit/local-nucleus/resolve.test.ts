import { expect, test } from 'vitest';
import { type Candidate, resolve } from '../../../scripts/local-nucleus/resolve.ts';

function recipe(name: string, version: string, needs: Record<string, string> = {}, type: 'HARD' | 'SOFT' = 'HARD'): Candidate {
  return { path: `${name}-${version}.yaml`, name, version, dependencies: Object.fromEntries(Object.entries(needs).map(([dependency, range]) => [dependency, { range, type }])) };
}

const chosen = (recipes: Candidate[], roots: Record<string, string>): string[] => resolve({ roots, recipes }).map(({ name, version }) => `${name} ${version}`);

test('the highest version that suits everyone, dependencies first', () => {
  const recipes = [recipe('app', '1.0.0', { lib: '^1.0.0', base: '*' }), recipe('lib', '1.1.0', { base: '<2.0.0' }), recipe('lib', '1.2.0', { base: '<2.0.0' }), recipe('lib', '2.0.0'), recipe('base', '1.0.0'), recipe('base', '1.9.0'), recipe('base', '2.0.0')];
  expect(chosen(recipes, { app: '1.0.0' })).toEqual(['base 1.9.0', 'lib 1.2.0', 'app 1.0.0']);
});

test('what a version that was given up had asked for does not count', () => {
  const recipes = [recipe('app', '1.0.0', { lib: '*', other: '*' }), recipe('lib', '2.0.0', { gone: '*' }), recipe('lib', '1.0.0'), recipe('other', '1.0.0', { lib: '<2.0.0' })];
  expect(chosen(recipes, { app: '*' })).toEqual(['lib 1.0.0', 'other 1.0.0', 'app 1.0.0']);
});

test('components of the nucleus itself are there', () => {
  expect(chosen([recipe('app', '1.0.0', { 'aws.greengrass.TokenExchangeService': '^2.0.0', 'aws.greengrass.Nucleus': '>=2.0.0 <3.0.0' })], { app: '1.0.0' })).toEqual(['app 1.0.0']);
  expect(() => chosen([recipe('app', '1.0.0', { 'aws.greengrass.Nucleus': '^9.0.0' })], { app: '1.0.0' })).toThrow(/aws\.greengrass\.Nucleus suits everyone: app 1\.0\.0 \(ComponentDependencies of app-1\.0\.0\.yaml\) wants \^9\.0\.0; there is 2\./);
});

test('a missing component is named with who wants it', () => {
  expect(() => chosen([recipe('app', '1.0.0', { lib: '^1.0.0' })], { app: '1.0.0' })).toThrow('Component lib is missing: app 1.0.0 (ComponentDependencies of app-1.0.0.yaml) wants ^1.0.0, but no recipe describes it. Add its recipe to the recipe folder.');
  expect(() => chosen([], { app: '1.0.0' })).toThrow(/app is missing: the deployment wants 1\.0\.0/);
});

test('wishes that do not meet are all named', () => {
  const recipes = [recipe('a', '1.0.0', { lib: '^1.0.0' }), recipe('b', '1.0.0', { lib: '^2.0.0' }), recipe('lib', '1.0.0'), recipe('lib', '2.0.0')];
  expect(() => chosen(recipes, { a: '1.0.0', b: '1.0.0' })).toThrow('No version of component lib suits everyone: a 1.0.0 (ComponentDependencies of a-1.0.0.yaml) wants ^1.0.0, b 1.0.0 (ComponentDependencies of b-1.0.0.yaml) wants ^2.0.0; there is 1.0.0, 2.0.0.');
});

test('a circle is named, and one through a SOFT dependency is one too', () => {
  const circle = [recipe('a', '1.0.0', { b: '*' }), recipe('b', '1.0.0', { c: '*' }), recipe('c', '1.0.0', { a: '*' })];
  expect(() => chosen(circle, { a: '1.0.0' })).toThrow('Components depend on each other in a circle: a → b → c → a. A nucleus refuses that, SOFT dependencies included; remove one of these ComponentDependencies. The recipes are a-1.0.0.yaml, b-1.0.0.yaml, c-1.0.0.yaml.');
  expect(() => chosen([recipe('a', '1.0.0', { b: '*' }), recipe('b', '1.0.0', { a: '*' }, 'SOFT')], { a: '1.0.0' })).toThrow(/a → b → a/);
  expect(chosen([recipe('a', '1.0.0', { b: '*' }, 'SOFT'), recipe('b', '1.0.0')], { a: '1.0.0' })).toEqual(['b 1.0.0', 'a 1.0.0']);
});

test('the version that runs is kept as long as it suits, whoever asks', () => {
  const recipes = [recipe('app', '1.0.0', { lib: '^1.0.0' }), recipe('lib', '1.0.0'), recipe('lib', '1.5.0'), recipe('lib', '1.9.0')];
  const withActive = (roots: Record<string, string>, active: string, others: { requirer: string; name: string; range: string }[] = []): string[] =>
    resolve({ roots, recipes, others, activeVersion: (name) => (name === 'lib' ? active : undefined) }).map(({ name, version }) => `${name} ${version}`);
  expect(withActive({ app: '1.0.0' }, '1.0.0')).toEqual(['lib 1.0.0', 'app 1.0.0']);
  expect(withActive({ app: '1.0.0', lib: '>=1.5.0' }, '1.0.0')).toContain('lib 1.9.0');
  expect(withActive({ app: '1.0.0' }, '1.0.0', [{ requirer: 'group g', name: 'lib', range: '1.5.0' }])).toContain('lib 1.5.0');
  // It has to be there.
  expect(withActive({ app: '1.0.0' }, '1.1.0')).toContain('lib 1.9.0');
  expect(() => withActive({ lib: '1.0.0' }, '1.0.0', [{ requirer: 'group g', name: 'lib', range: '1.5.0' }])).toThrow(/the deployment wants 1\.0\.0, group g wants 1\.5\.0/);
});
