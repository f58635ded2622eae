import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { planOrder, type Wish } from '../../../scripts/deploy/order.ts';
import { parseRecipe, type Recipe } from '../../../scripts/local-nucleus/recipe.ts';
import { recipeOf, type RecipeOptions } from '../../helpers/use-nucleus.ts';

const folders = { recipeDir: '/r', artifactDir: '/a' };
const hard = (range: string): object => ({ VersionRequirement: range, DependencyType: 'HARD' });

function recipe(name: string, options: RecipeOptions = {}): Recipe {
  return parseRecipe(stringify(recipeOf(name, options)), `${name}.yaml`);
}

const camera = recipe('com.example.Camera', { version: '1.2.0', dependencies: { 'com.example.Model': hard('>=1.0.0'), 'aws.greengrass.StreamManager': hard('^2.0.0'), 'aws.greengrass.TokenExchangeService': hard('>=0.0.0') }, configuration: { Name: 'gate', Zoom: { Level: 1 }, List: [1] } });
const recipes = [camera, recipe('com.example.Model', { version: '1.0.0' }), recipe('com.example.Model', { version: '1.1.0' }), recipe('com.example.Other', { version: '3.0.0' })];

function plan(wish: Partial<Wish>): ReturnType<typeof planOrder> {
  return planOrder({ folders, components: { 'com.example.Camera': '1.2.0' }, remove: [], configuration: {}, ...wish }, recipes);
}

test('what the deployment takes from the folder becomes root components of exact versions, the rest is for the nucleus to find', () => {
  const { order, notes } = plan({});
  expect(order).toEqual({ folders, add: { 'com.example.Model': '1.1.0', 'com.example.Camera': '1.2.0' }, remove: [], configuration: {} });
  expect(notes).toEqual([expect.stringMatching(/^com\.example\.Model: deployed as root/)]);
});

test('ranges become versions', () => {
  expect(plan({ components: { 'com.example.Model': '~1.0.0', 'com.example.Other': '*' } }).order.add).toEqual({ 'com.example.Model': '1.0.0', 'com.example.Other': '3.0.0' });
});

test('a dependency that the folder has in no fitting version is for the nucleus to find', () => {
  const lamp = recipe('com.example.Lamp', { dependencies: { 'com.example.Model': hard('^9.0.0') } });
  const wish = { folders, components: { 'com.example.Lamp': '1.0.0' }, remove: [], configuration: {} };
  expect(planOrder(wish, [lamp, ...recipes]).order.add).toEqual({ 'com.example.Lamp': '1.0.0' });
});

test('nothing but removals', () => {
  expect(plan({ folders: undefined, components: {}, remove: ['com.example.Gone'] })).toMatchObject({ order: { add: {}, remove: ['com.example.Gone'] }, notes: [] });
});

test('a component that is not there is refused', () => {
  expect(() => plan({ components: { 'com.example.Nothing': '1.0.0' } })).toThrow(/com\.example\.Nothing is missing/);
});

test('a component that is added and removed is refused', () => {
  expect(() => plan({ remove: ['com.example.Model'] })).toThrow('com.example.Model is to be added and removed at once');
});

describe('configuration', () => {
  test.each([
    ['a key', { MERGE: { Name: 'x' } }],
    ['a key in any case', { MERGE: { name: 'x' } }],
    ['a nested key', { MERGE: { Zoom: { Level: 2 } } }],
    ['a whole list', { MERGE: { List: [2] } }],
    ['resets', { RESET: ['/Name', '/Zoom/Level', ''] }],
  ])('takes %s', (_, update) => {
    expect(plan({ configuration: { 'com.example.Camera': update } }).order.configuration).toEqual({ 'com.example.Camera': update });
  });

  test('reaches dependencies', () => {
    expect(plan({ configuration: { 'com.example.Model': { MERGE: { A: 1 } } } }).order.add).toHaveProperty(['com.example.Model'], '1.1.0');
  });

  test('says of a key that the recipe does not know it', () => {
    expect(plan({ configuration: { 'com.example.Camera': { MERGE: { Nmae: 'x' } } } }).notes).toContain('com.example.Camera: the recipe has no default for /Nmae; it has Name, Zoom, List.');
  });

  test.each([
    ['an unknown component', { 'com.example.Other': {} }, /com\.example\.Other, which this deployment does not hold; its components are com\.example\.Model, com\.example\.Camera/],
    ['a key inside of text', { 'com.example.Camera': { MERGE: { Name: { First: 'x' } } } }, /\/Name\/First cannot be changed, because \/Name is "gate", which has no keys/],
    ['an element of a list', { 'com.example.Camera': { RESET: ['/List/0'] } }, /\/List\/0 cannot be changed, because \/List is a list, which is replaced as a whole/],
    ['a pointer that is none', { 'com.example.Camera': { RESET: ['Name'] } }, /com\.example\.Camera: "Name" is no JSON pointer/],
  ])('refuses %s', (_, configuration, message) => {
    expect(() => plan({ configuration })).toThrow(message);
  });
});
