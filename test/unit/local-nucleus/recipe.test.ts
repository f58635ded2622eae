import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseRecipe } from '../../../scripts/local-nucleus/recipe.ts';
import { readRecipeFolder } from '../../../scripts/local-nucleus/recipe-folder.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { recipeOf } from '../../helpers/use-nucleus.ts';

const parse = (recipe: unknown): ReturnType<typeof parseRecipe> => parseRecipe(stringify(recipe), 'one.yaml');

describe('a recipe', () => {
  test('is read from JSON as from YAML, whatever the case of its keys', () => {
    const json = JSON.stringify({
      recipeformatversion: '2020-01-25',
      componentname: 'one',
      COMPONENTVERSION: '1.2.3',
      componentdependencies: { two: { versionrequirement: '>=1.0.0' } },
      manifests: [{ platform: { os: 'linux' }, lifecycle: { Run: { script: 'x', TIMEOUT: 3 } }, artifacts: [{ URI: 's3://a/b/c.zip', unarchive: 'zip' }] }],
    });
    const recipe = parseRecipe(json, 'one.json');
    expect(recipe).toMatchObject({ name: 'one', version: '1.2.3', dependencies: { two: { range: '>=1.0.0', type: 'HARD' } } });
    expect(recipe.manifests[0]).toMatchObject({ lifecycle: { steps: { run: { script: 'x', timeout: 3 } } }, artifacts: [{ fileName: 'c.zip', unarchive: 'ZIP', read: 'OWNER', execute: 'NONE' }] });
  });

  test('names every problem at once, with file, key, what was expected and what came', () => {
    const recipe = { ...recipeOf('bad name', { version: 'one', lifecycle: { run: { Timeout: -1 } }, dependencies: { two: { VersionRequirement: 'newest' } } }), RecipeFormatVersion: '2019' };
    const problems = [
      /Recipe one\.yaml cannot be used/,
      /RecipeFormatVersion: expected 2020-01-25, got "2019"/,
      /ComponentName: expected letters, digits/,
      /ComponentVersion: expected a semantic version such as 1\.0\.0, got "one"/,
      /ComponentDependencies\.two\.VersionRequirement: expected a version range.*got "newest"/,
      /Manifests\.0\.Lifecycle\.run\.Script: is missing; expected string/,
      /Manifests\.0\.Lifecycle\.run\.Timeout/,
    ];
    for (const problem of problems) expect(() => parse(recipe)).toThrow(problem);
  });

  test.each([
    ['a tab for indentation', 'ComponentName: one\nManifests:\n\t- a', /one\.yaml is not valid YAML or JSON: line 3/],
    ['a key given twice', 'ComponentName: one\nComponentName: two', /line 2, column 1: .*unique/],
    ['JSON cut off', '{"ComponentName": "one"', /is not valid YAML or JSON/],
    ['a list', '- a', /expected object/],
    ['nothing', '', /expected object/],
    ['a key in two cases', stringify({ ...recipeOf('one'), componentname: 'two' }), /both "ComponentName" and "componentname"/],
    ['two artifacts of one name', stringify(recipeOf('one', { artifacts: [{ Uri: 's3://a/x/file' }, { Uri: 's3://a/y/file' }] })), /second artifact named "file"/],
    ['no manifest', stringify({ ...recipeOf('one'), Manifests: [] }), /Manifests: .*>=1/],
  ])('with %s is refused', (_, text, problem) => {
    expect(() => parseRecipe(text, 'one.yaml')).toThrow(problem);
  });

  test('takes from a global lifecycle what its selections choose', () => {
    const recipe = parse({
      ...recipeOf('one'),
      Lifecycle: { run: { pi: { Script: 'for pi' }, all: { Script: 'for all' } }, install: 'install', Setenv: { A: '1' } },
      Manifests: [{ Platform: { architecture: 'arm' }, Selections: ['pi'] }, { Platform: {} }],
    });
    expect(recipe.manifests.map(({ lifecycle }) => lifecycle.steps.run?.script)).toEqual(['for pi', 'for all']);
    expect(recipe.manifests[1]?.lifecycle).toMatchObject({ setenv: { A: '1' }, steps: { install: { script: 'install' } }, ignored: [] });
  });

  test('says which lifecycle keys mean nothing', () => {
    expect(parse(recipeOf('one', { lifecycle: { bootstrap: 'x', ruun: 'y' } })).manifests[0]?.lifecycle.ignored).toEqual(['ruun']);
  });
});

describe('a recipe folder', () => {
  test('is read at any depth, and all problems are told together', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'deeper'));
    await writeFile(join(folder, 'a.yaml'), stringify(recipeOf('one')));
    await writeFile(join(folder, 'deeper/b.json'), JSON.stringify(recipeOf('two')));
    await writeFile(join(folder, 'README.md'), 'no recipe');
    expect((await readRecipeFolder(folder)).map(({ name }) => name)).toEqual(['one', 'two']);
    await writeFile(join(folder, 'c.yml'), '{');
    await writeFile(join(folder, 'd.yml'), stringify({ ...recipeOf('three'), ComponentVersion: 'x' }));
    await expect(readRecipeFolder(folder)).rejects.toThrow(/c\.yml[\s\S]*d\.yml/);
  });

  test('with one version twice is refused, and so is a missing one', async () => {
    const folder = await temporaryFolder();
    for (const file of ['a.yaml', 'b.yaml']) await writeFile(join(folder, file), stringify(recipeOf('one')));
    await expect(readRecipeFolder(folder)).rejects.toThrow(/Several recipes describe one 1\.0\.0: .*a\.yaml, .*b\.yaml/);
    await expect(readRecipeFolder(join(folder, 'nowhere'))).rejects.toThrow(/nowhere is not there.*--recipe-dir/);
  });
});
