import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { FescueError } from '../../../components/common/errors.ts';
import { originalComponent } from '../../../components/common/original-settings.ts';
import { compiledFiles } from '../../../scripts/migration/compiled-model.ts';
import { migrateConfiguration } from '../../../scripts/migration/configuration.ts';
import { migrateDependentRecipe } from '../../../scripts/migration/dependent-recipe.ts';
import { recognise } from '../../../scripts/migration/document.ts';

/** Migrates a text as far as it goes; anything else than a result or a FescueError fails the property. */
function survives(text: string): void {
  try {
    const old = recognise(text, 'old');
    if (old.kind === 'dependent-recipe') {
      migrateDependentRecipe(old.document);
      old.document.toString({ lineWidth: 0 });
    } else migrateConfiguration(old.settings, 'old');
  } catch (error) {
    expect(error).toBeInstanceOf(FescueError);
  }
}

const name = fc.constantFrom(originalComponent, 'components', 'MERGE', 'reset', 'configurationUpdate', 'ComponentName', 'ComponentDependencies', 'ComponentConfiguration', 'DefaultConfiguration', 'DeviceFleetName', 'com.example.A', '__proto__');
const leaf = fc.oneof(fc.constantFrom(originalComponent, `{${originalComponent}:configuration:/UnixSocketName}`, `{${originalComponent}:}`, 'gates'), fc.jsonValue({ maxDepth: 1 }));
const { tree } = fc.letrec((tie) => ({ tree: fc.oneof({ maxDepth: 4 }, leaf, fc.dictionary(name, tie('tree')), fc.array(tie('tree'), { maxLength: 2 })) }));
const document = fc.dictionary(name, tree);

describe('any text', () => {
  it('is migrated or refused with a FescueError', () => {
    fc.assert(fc.property(fc.string(), survives), { numRuns: 500 });
  });

  it.each(['&a [*a]', '? {a: b}\n: c', '<<: *x', 'a: &a [x]\nb: [*a,*a]', '--- a\n--- b', '!!binary x', `ComponentName: A\nComponentDependencies: &d\n  ${originalComponent}: *d`])('even %j', survives);
});

describe('any document of the right keys', () => {
  it('is migrated or refused with a FescueError, as JSON and as YAML', () => {
    fc.assert(
      fc.property(document, (value) => {
        survives(JSON.stringify(value));
        survives(stringify(value));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a dependency on the original', () => {
  it.each([
    ['without anything in it', `${originalComponent}:`, { 'dev.fescue.EdgeAgent': { VersionRequirement: expect.stringMatching(/^>=/) as string } }],
    ['with a type only', `${originalComponent}: {DependencyType: SOFT}`, { 'dev.fescue.EdgeAgent': { DependencyType: 'SOFT', VersionRequirement: expect.stringMatching(/^>=/) as string } }],
    ['in other case', `${originalComponent}: {versionrequirement: "1"}`, { 'dev.fescue.EdgeAgent': { versionrequirement: expect.stringMatching(/^>=/) as string } }],
    ['beside ours', `{${originalComponent}: {VersionRequirement: "1"}, dev.fescue.EdgeAgent: {VersionRequirement: "0"}}`, { 'dev.fescue.EdgeAgent': { VersionRequirement: '0' } }],
  ])('%s becomes one on ours', (_, dependencies, expected) => {
    const old = recognise(`ComponentName: com.example.A\ncomponentDependencies:\n  ${dependencies}\n`, 'old');
    if (old.kind !== 'dependent-recipe') throw new Error(`got ${old.kind}`);
    expect(migrateDependentRecipe(old.document)).toHaveLength(1);
    expect(old.document.toJS()).toMatchObject({ componentDependencies: expected });
    expect(Object.keys((old.document.toJS() as { componentDependencies: object }).componentDependencies)).toEqual(['dev.fescue.EdgeAgent']);
  });
});

describe('compiledFiles', () => {
  it.each(['compiled.so', 'model/compiled_model.json', 'a/dlr.h', 'libdlr.so', 'resnet.params', 'compiled.meta'])('knows %s', (file) => {
    expect(compiledFiles([file])).toEqual([file]);
  });

  it('leaves other files alone', () => {
    expect(compiledFiles(['model.onnx', 'sagemaker_edge_manifest', 'lib.so', 'params.json', 'compiled.txt'])).toEqual([]);
  });
});
