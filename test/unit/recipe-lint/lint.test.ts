import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { lintRecipes } from '../../../scripts/recipe-lint/lint.ts';
import type { Finding } from '../../../scripts/recipe-lint/rule.ts';
import { exampleRecipe } from '../../helpers/lint-example.ts';

function lint(example: string, nucleus: 'classic' | 'lite' | 'all' = 'all'): Finding[] {
  return lintRecipes([exampleRecipe(example)], { nucleus });
}

/** The findings about a step `run` with this script, beside an artifact run.sh. */
function lintScript(script: string, more = ''): string[] {
  return lint(`Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle:\n      run: ${JSON.stringify(script)}\n    Artifacts:\n      - Uri: s3://bucket/run.sh\n${more}`).map(({ id }) => id);
}

describe('a finding', () => {
  test('says where it is, in the file and in the recipe', () => {
    expect(lint('ComponentConfiguration:\n  DefaultConfiguration:\n    accessControl:\n      aws.greengrass.ipc.pubsub:\n        one:\n          operations: [aws.greengrass#PublishTopic]\n          resources: ["*"]')).toEqual([
      expect.objectContaining({
        id: 'access-operation',
        severity: 'error',
        nucleus: 'both',
        file: 'com.example.Pump-1.0.0.yaml',
        path: 'ComponentConfiguration.DefaultConfiguration.accessControl.aws.greengrass.ipc.pubsub.one.operations[0]',
        line: 17,
        column: 24,
        problem: '"aws.greengrass#PublishTopic" is no operation of aws.greengrass.ipc.pubsub',
        instead: 'Write aws.greengrass#PublishToTopic.',
      }),
    ]);
  });

  test.each([
    ['ComponentVerson: 1.0.0', 'unknown-key', 'Did you mean ComponentVersion?'],
    ['Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {Install: sh run.sh}\n    Artifacts: [{URI: s3://bucket/run.sh}]', 'key-case', 'Write install.'],
    ['Manifests:\n  - Platform: {os: linux, architecture: arm64, runtime: "*"}\n    Lifecycle: {run: sleep 60}\n    Artifacts: []', 'platform-architecture', 'Write aarch64.'],
  ])('says what to write instead: %s', (example, id, instead) => {
    expect(lint(example).find((finding) => finding.id === id)?.instead).toBe(instead);
  });

  test('is left out when it is of the other nucleus', () => {
    const portable = 'Manifests:\n  - Lifecycle: {Run: sleep 60}';
    expect(lint(portable, 'classic')).toEqual([]);
    expect(lint(portable, 'lite').map(({ id }) => id)).toEqual(expect.arrayContaining(['platform-missing-lite', 'no-manifest-for-lite', 'key-case']));
  });
});

describe('scripts', () => {
  test.each([
    ['sh "{artifacts:path}/run.sh"', []],
    ['"{artifacts:path}/run.sh"', ['artifact-not-executable']],
    ['cd data && exec {artifacts:path}/run.sh', ['artifact-not-executable', 'unquoted-path']],
    ['LEVEL=1 "{artifacts:path}/run.sh" --fast', ['artifact-not-executable']],
    ['cp "{artifacts:path}/run.sh" .', []],
    ['sh "{artifacts:path}/other.sh"', ['artifact-not-listed']],
    ['# "{artifacts:path}/run.sh" is run later\nsleep 60', []],
    ['echo ${HOME}', ['stray-brace']],
    ['echo ${HOME:-none}', ['stray-brace']],
    ['ps | awk \'{ print $1 }\'', ['stray-brace']],
    ['[ -d data ] || { mkdir data; sleep 60; }', ['stray-brace']],
    ['echo \'{"mode": 1}\'', ['stray-brace']],
    ['echo "{iot:thingName}" "{kernel:rootPath}"', []],
    ['echo "{iot:thing}"', ['variable-unknown']],
    ['echo "{configuration:interval}"', ['variable-unknown']],
    ['echo \'{work:path}\' it\\\'s {work:path}', ['unquoted-path']],
  ])('%j', (script, expected) => {
    expect([...new Set(lintScript(script))].toSorted()).toEqual(expected.toSorted());
  });

  test('may use each element of the default configuration, by its pointer', () => {
    const configuration = 'ComponentConfiguration:\n  DefaultConfiguration:\n    a/b: {list: [1, {Deep: 2}]}\n';
    expect(lintScript('echo "{configuration:/a~1b/list/1/Deep}"', configuration)).toEqual(['yaml-values-lite']);
    expect(lintScript('echo "{configuration:/a~1b/list/1/deep}"', configuration)).toContain('variable-case');
    expect(lintScript('echo "{configuration:/a~1b/list/2}"', configuration)).toContain('variable-without-default');
  });
});

describe('recipes together', () => {
  const pump = 'ComponentConfiguration:\n  DefaultConfiguration:\n    accessControl:\n      aws.greengrass.ipc.pubsub:\n        shared:\n          operations: ["*"]\n          resources: ["*"]';

  test('may not have a policy id in common, unless they are versions of one component', () => {
    const first = exampleRecipe(pump);
    const second = { file: 'other.yaml', text: first.text.replace('com.example.Pump', 'com.example.Valve') };
    const next = { file: 'next.yaml', text: first.text.replace('1.0.0', '1.1.0') };
    const ids = (...sources: { file: string; text: string }[]): string[] => lintRecipes(sources, { nucleus: 'classic' }).map(({ id, problem }) => `${id} ${problem}`);
    expect(ids(first, second)).toEqual(['access-policy-id "shared" is an id of a policy in other.yaml too', `access-policy-id "shared" is an id of a policy in ${first.file} too`]);
    expect(ids(first, next)).toEqual([]);
  });

  test('are compared with the files of their artifacts, where these are given', () => {
    const source = exampleRecipe('ComponentDescription: Reads the pump.');
    const compared = (...names: string[]): string[] => lintRecipes([source], { nucleus: 'all', artifactFiles: (component, version) => (`${component}/${version}` === 'com.example.Pump/1.0.0' ? names : undefined) }).map(({ id }) => id);
    expect(compared('run.sh')).toEqual([]);
    expect(compared('old.sh')).toEqual(['artifact-file-unused', 'artifact-file-missing']);
    expect(lintRecipes([source], { nucleus: 'all', artifactFiles: () => undefined }).map(({ id }) => id)).toEqual(['artifact-file-missing']);
  });
});

describe('files that cannot be looked into', () => {
  test.each([
    ['a tab for indentation', 'a.yaml', 'ComponentName: one\nManifests:\n\t- a', 3],
    ['JSON cut off', 'a.json', '{"ComponentName": "one"', 1],
    ['YAML in a .json file', 'a.json', '{"ComponentName": "one",\n}', 2],
    ['a list', 'a.yaml', '- a', 1],
    ['nothing', 'a.yaml', '', 1],
    ['text', 'a.yaml', 'hunter2', 1],
    ['several documents', 'a.yaml', 'a: 1\n---\nb: 2', 2],
    ['maps nested without end', 'a.json', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, 1],
    ['lists nested too deep', 'a.yaml', `a: ${'['.repeat(80)}${']'.repeat(80)}`, 1],
  ])('%s: one finding of syntax, without the content', (_, file, text, line) => {
    const findings = lintRecipes([{ file, text }], { nucleus: 'all' });
    expect(findings[0]).toMatchObject({ id: 'syntax', severity: 'error', file, line });
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });

  test('aliases stay as small as they are written', () => {
    const levels = Array.from({ length: 40 }, (_, index) => `  l${index + 1}: &l${index + 1} [${Array.from({ length: 10 }, () => `*l${index}`).join(', ')}]`);
    const findings = lint(`ComponentConfiguration:\n  DefaultConfiguration:\n    l0: &l0 [x]\n${levels.map((line) => `  ${line}`).join('\n')}`);
    expect(new Set(findings.map(({ id }) => id))).toEqual(new Set(['values-lite', 'yaml-alias']));
    expect(findings).toHaveLength(401);
  });

  test('no document makes the linter itself fail', () => {
    const key = fc.oneof(fc.constantFrom('ComponentName', 'ComponentVersion', 'Manifests', 'Platform', 'os', 'runtime', 'Lifecycle', 'run', 'Script', 'Setenv', 'Artifacts', 'Uri', 'Permission', 'ComponentDependencies', 'ComponentConfiguration', 'DefaultConfiguration', 'accessControl', 'operations', 'Selections', 'all', '__proto__', 'constructor'), fc.string());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 6 }, fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('{configuration:/a}', '{', '${x}', '"{artifacts:path}/a', '^1'), fc.array(tie('tree'), { maxLength: 3 }), fc.array(fc.tuple(key, tie('tree')), { maxLength: 5 }).map((pairs) => new Map(pairs))),
    }));
    fc.assert(
      fc.property(fc.array(fc.tuple(key, tree), { maxLength: 8 }), (pairs) => Array.isArray(lintRecipes([{ file: 'a.yaml', text: stringify(new Map(pairs)) }], { nucleus: 'all' }))),
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => Array.isArray(lintRecipes([{ file: 'a.yaml', text }], { nucleus: 'all' }))));
  });
});
