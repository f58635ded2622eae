import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildComponents } from '../../scripts/packaging/build-components.ts';
import { inCheckout } from '../../scripts/packaging/paths.ts';
import { identityModel } from '../../scripts/measure/onnx-model.ts';
import type { Finding } from '../../scripts/recipe-lint/rule.ts';
import { exampleRecipe } from '../helpers/lint-example.ts';
import { makePipe } from '../helpers/make-pipe.ts';
import { fescue } from '../helpers/run-command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Writes recipes, each an example of keys that differ from a good one, and names their folder. */
async function folderOf(examples: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, example] of Object.entries(examples)) await writeFile(join(folder, name), exampleRecipe(example).text);
  return folder;
}

async function findingsOf(...args: string[]): Promise<Finding[]> {
  return (JSON.parse((await fescue('lint-recipe', '--json', ...args)).stdout) as { findings: Finding[] }).findings;
}

describe('fescue lint-recipe', () => {
  test('explains what it finds, and ends with 1 on errors', async () => {
    const folder = await folderOf({ 'one.yaml': 'ComponentVersion: 1.2', 'two.yaml': 'ComponentPublisher: Example' });
    const { code, stdout, stderr } = await fescue('lint-recipe', folder);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain(`${folder}/one.yaml:11:1: error component-version (both nuclei)\n  ComponentVersion: expected a semantic version such as 1.0.0, got "1.2".\n  The recipe is refused.\n  Use three numbers, such as 1.2.0.\n`);
    expect(stdout).toMatch(/\n2 recipes: 1 error, 0 warnings, 2 notes\.\n$/);
  });

  test('ends with 0 on warnings, and with 1 when they count', async () => {
    const folder = await folderOf({ 'one.yaml': 'Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {run: sleep 9, shutdown: sleep 1}\n    Artifacts: []' });
    expect(await fescue('lint-recipe', folder)).toMatchObject({ code: 0, stdout: expect.stringContaining('1 recipe: 0 errors, 1 warning, 1 note.') as string });
    expect((await fescue('lint-recipe', folder, '--strict')).code).toBe(1);
    expect((await fescue('lint-recipe', folder, '--strict', '--nucleus', 'classic')).code).toBe(0);
    expect((await fescue('lint-recipe', folder, '--strict', '--allow', 'step-ignored-lite')).code).toBe(0);
    expect(await fescue('lint-recipe', folder, '--allow', 'step-ignored')).toMatchObject({ code: 2, stderr: expect.stringContaining('no such rule') as string });
  });

  test('compares with artifacts', async () => {
    const folder = await folderOf({ 'com.example.Pump-1.0.0.yaml': 'ComponentPublisher: Example' });
    const artifacts = join(folder, 'artifacts/com.example.Pump/1.0.0');
    await mkdir(artifacts, { recursive: true });
    const recipe = join(folder, 'com.example.Pump-1.0.0.yaml');
    expect((await findingsOf(recipe, '--artifact-dir', join(folder, 'artifacts'))).map(({ id }) => id)).toEqual(['artifact-file-missing']);
    await writeFile(join(artifacts, 'run.sh'), '');
    expect(await findingsOf(recipe, '--artifact-dir', join(folder, 'artifacts'))).toEqual([]);
    expect(await fescue('lint-recipe', recipe, '--artifact-dir', join(folder, 'nowhere'))).toMatchObject({ code: 1, stderr: expect.stringContaining('<component>/<version>/<file>') as string });
  });

  test('does not follow links out of a folder, nor read what is no file or too large', async () => {
    const folder = await folderOf({ 'one.yaml': 'ComponentPublisher: Example' });
    await symlink('/etc', join(folder, 'etc'));
    await symlink(join(folder, 'one.yaml'), join(folder, 'link.yaml'));
    expect(JSON.parse((await fescue('lint-recipe', folder, '--json')).stdout)).toMatchObject({ recipes: 1 });
    await makePipe(join(folder, 'pipe'));
    await writeFile(join(folder, 'large'), Buffer.alloc(257 * 1024));
    for (const [name, problem] of [['pipe', 'no regular file'], ['large', 'at most 262144'], ['missing.yaml', 'no such file'], ['one.yaml/x', 'not a directory']] as const) {
      expect(await fescue('lint-recipe', join(folder, name))).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(problem) as string });
    }
    expect(await fescue('lint-recipe')).toMatchObject({ code: 2 });
    expect(await fescue('lint-recipe', folder, '--nucleus', 'heavy')).toMatchObject({ code: 2 });
  });
});

// Nucleus lite gives what it stops as much time as the shutdown step would, and pauses by itself before it tries again.
const accepted = ['--allow', 'step-ignored-lite'];

describe('our own recipes', () => {
  test('have no error and no warning, built with their artifacts', async () => {
    const { recipeDir, artifactDir } = await buildComponents({ folder: await temporaryFolder() });
    const findings = await findingsOf(recipeDir, '--artifact-dir', artifactDir, ...accepted);
    // A build may hold the runtime of this machine's architecture alone.
    const others = findings.filter(({ severity, id, problem }) => severity !== 'note' && !(id === 'artifact-file-missing' && problem.includes('runtime-linux-')));
    expect(others).toEqual([]);
    expect(new Set(findings.filter(({ severity }) => severity === 'note').map(({ id }) => id))).toEqual(new Set(['yaml-values-lite', 'dependency-type-missing']));
  });

  test('have none as they are committed', async () => {
    expect((await fescue('lint-recipe', inCheckout('recipes'), '--strict', ...accepted)).code).toBe(0);
  });

  test('have none as fescue package writes them', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'pair.onnx'), identityModel([{ name: 'x', type: 'FLOAT32', shape: [1, 2] }]));
    expect(await fescue('package', join(folder, 'pair.onnx'), '--name', 'pump', '--version', '1.0.0', '--out', folder)).toMatchObject({ code: 0, stderr: '' });
    const recipe = join(folder, 'recipes/dev.fescue.model.Pump-1.0.0.yaml');
    expect(await readFile(recipe, 'utf8')).toContain('ComponentName');
    expect((await findingsOf(recipe, '--artifact-dir', join(folder, 'artifacts'))).map(({ id }) => id)).toEqual([]);
  });
});
