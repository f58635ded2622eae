import { expect, test } from 'vitest';
import { interpolateLifecycle, type Variables } from '../../../scripts/local-nucleus/interpolate.ts';
import { lifecycleSchema } from '../../../scripts/local-nucleus/lifecycle.ts';

function variables(name: string, configuration: Variables['configuration'] = {}): Variables {
  return { artifactsPath: `/r/a/${name}`, decompressedPath: `/r/u/${name}`, workPath: `/r/work/${name}`, rootPath: '/r', thingName: 'thing', configuration };
}

function interpolate(lifecycle: object, configuration: Variables['configuration'] = {}): ReturnType<typeof interpolateLifecycle> {
  return interpolateLifecycle({ component: 'one', lifecycle: lifecycleSchema.parse(lifecycle), own: variables('one', configuration), dependencies: { dep: variables('dep', { Key: 'from dep' }) } });
}

const scriptOf = (script: string, configuration: Variables['configuration'] = {}): string | undefined => interpolate({ run: script }, configuration).lifecycle.steps.run?.script;

test('replaces the variables of a component and of its dependencies', () => {
  expect(scriptOf('{artifacts:path} {artifacts:decompressedPath} {work:path} {kernel:rootPath} {iot:thingName}')).toBe('/r/a/one /r/u/one /r/work/one /r thing');
  expect(scriptOf('{dep:artifacts:path}|{dep:configuration:/Key}')).toBe('/r/a/dep|from dep');
});

test('gives configuration as text: scalars as they are, structures as JSON with sorted keys', () => {
  const configuration = { Text: 'a b', Number: 1.5, Flag: false, Nothing: null, Deep: { b: [1, 2], a: { 'x/y~z': 'found' } } };
  expect(scriptOf('{configuration:/Text} {configuration:/Number} {configuration:/Flag} {configuration:/Nothing}', configuration)).toBe('a b 1.5 false null');
  expect(scriptOf('{configuration:/Deep}', configuration)).toBe('{"a":{"x/y~z":"found"},"b":[1,2]}');
  expect(scriptOf('{configuration:/Deep/b/1} {configuration:/Deep/a/x~1y~0z}', configuration)).toBe('2 found');
});

test('replaces in Setenv, Skipif and Timeout as well, and a step overrides the lifecycle', () => {
  const { lifecycle, problems } = interpolate({ Setenv: { A: '{iot:thingName}', B: 'b' }, run: { Script: 'x', Setenv: { B: '{configuration:/T}' }, Skipif: 'exists {work:path}/x', Timeout: '{configuration:/T}' } }, { T: 7 });
  expect(problems).toEqual([]);
  expect(lifecycle.steps.run).toEqual({ script: 'x', requiresPrivilege: false, skipIf: 'exists /r/work/one/x', timeoutMs: 7000, setenv: { A: 'thing', B: '7' } });
});

test.each([
  ['{configuration:/Missing}', /Component one, step run: the recipe variable \{configuration:\/Missing\} has no value\. Available are .*\{configuration:\/There\}/],
  ['{artifact:path}', /variable \{artifact:path\} has no value/],
  ['{stranger:work:path}', /has no value.*declare the component under ComponentDependencies/],
  ['{configuration:/constructor}', /has no value/],
  ['echo ${HOME}', /\$\{HOME\} is shell syntax with braces, which nucleus lite cuts the script off at/],
  ['f() { echo; }', /a brace that starts no recipe variable/],
])('%s is a problem', (script, problem) => {
  expect(interpolate({ run: script }, { There: 1 }).problems.join()).toMatch(problem);
});

test('a Timeout that is no time is a problem', () => {
  expect(interpolate({ run: { Script: 'x', Timeout: '{configuration:/T}' } }, { T: 'soon' }).problems.join()).toMatch(/Timeout is "soon", expected a number of seconds above 0/);
});
