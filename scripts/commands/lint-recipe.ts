import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../../components/common/command-line.ts';
import { lintRecipes, type LintOptions } from '../recipe-lint/lint.ts';
import { readArtifactNames, readRecipeFiles } from '../recipe-lint/recipe-files.ts';
import { rules } from '../recipe-lint/rules.ts';
import { lintText } from './lint-text.ts';

type Options = { nucleus: LintOptions['nucleus']; artifactDir?: string; json?: true; strict?: true; allow: string[] };

export function lintRecipeCommand(): Command {
  return new Command('lint-recipe')
    .description('Check Greengrass recipes for what the classic nucleus, nucleus lite or GDK refuse or take differently.')
    .argument('<path...>', 'recipes (YAML or JSON), or folders of recipes')
    .addOption(new Option('--nucleus <which>', 'the nucleus the recipes are for').choices(['classic', 'lite', 'all']).default('all'))
    .option('--artifact-dir <folder>', 'folder with <component>/<version>/<file>, to compare the Artifacts with')
    .addOption(new Option('--allow <rule>', 'leave the findings of this rule out; may be repeated').argParser(collectRule).default([], 'none'))
    .option('--strict', 'fail on warnings too')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
An error is refused or does not work on the nucleus that is named; a warning works differently there, or bites later; a note
is worth knowing. Each rule is explained in docs/lint-recipe.md. Ends with exit code 1 on errors.

Examples:
  fescue lint-recipe recipe.yaml
  fescue lint-recipe greengrass-build/recipes --artifact-dir greengrass-build/artifacts
  fescue lint-recipe recipes --nucleus lite --strict --allow step-ignored-lite
  fescue lint-recipe recipe.json --json`,
    )
    .action(runLint);
}

async function runLint(paths: string[], options: Options): Promise<void> {
  const sources = await readRecipeFiles(paths);
  const artifactFiles = options.artifactDir === undefined ? undefined : await readArtifactNames(options.artifactDir);
  const findings = lintRecipes(sources, { nucleus: options.nucleus, artifactFiles }).filter(({ id }) => !options.allow.includes(id));
  process.stdout.write(options.json ? `${JSON.stringify({ recipes: sources.length, findings })}\n` : lintText(findings, sources.length));
  if (findings.some(({ severity }) => severity === 'error' || (severity === 'warning' && options.strict))) process.exitCode = exitCodes.failed;
}

function collectRule(text: string, earlier: string[]): string[] {
  if (!rules.some(({ id }) => id === text)) throw new InvalidArgumentError('There is no such rule; docs/lint-recipe.md has all.');
  return [...earlier, text];
}
