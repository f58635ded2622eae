/**
 * `npm run render`: writes the files that are made from tables: settings, versions, the schema of captured data, rules for recipes, checks of doctor. With `--check`, writes nothing and fails
 * when one of them is not what it would write.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasCode } from '../components/common/errors.ts';
import { captureSchema } from './captures/capture-schema.ts';
import { doctorPage } from './doctor/doctor-page.ts';
import { gdkFiles } from './packaging/gdk-project.ts';
import { migrationPage } from './packaging/migration-page.ts';
import { settingsPage } from './packaging/settings-page.ts';
import { inCheckout } from './packaging/paths.ts';
import { components, recipeText } from './packaging/recipes.ts';
import { lintPage } from './recipe-lint/lint-page.ts';

const rendered = new Map<string, string>([
  ...components().map((component) => [`recipes/${component.name}.yaml`, recipeText(component)] as const),
  ...gdkFiles(),
  ['docs/settings.md', settingsPage()],
  ['docs/migration.md', migrationPage()],
  ['docs/lint-recipe.md', lintPage()],
  ['docs/doctor.md', doctorPage()],
  ['docs/capture-format.schema.json', captureSchema()],
]);

const checking = process.argv.includes('--check');
for (const [path, text] of rendered) {
  if (readIfThere(inCheckout(path)) === text) continue;
  if (checking) {
    process.stderr.write(`${path} is not what the tables and schemas render. Run npm run render and commit the result.\n`);
    process.exitCode = 1;
    continue;
  }
  mkdirSync(dirname(inCheckout(path)), { recursive: true });
  writeFileSync(inCheckout(path), text);
  process.stdout.write(`wrote ${path}\n`);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
