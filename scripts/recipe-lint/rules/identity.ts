import { parse, validRange } from 'semver';
import { field, textOf, type Entry } from '../recipe-node.ts';
import type { Recipe } from '../recipe-view.ts';
import type { Rule, Violation } from '../rule.ts';
import { sameWord } from '../spelling.ts';

const componentTypes = ['aws.greengrass.generic', 'aws.greengrass.lambda', 'aws.greengrass.plugin', 'aws.greengrass.nucleus'];
const namePattern = /^[a-zA-Z0-9-_.]+$/;
const nuclei = ['aws.greengrass.Nucleus', 'aws.greengrass.NucleusLite'];
/** What nucleus lite takes for given, whatever the version. */
const liteBuiltIn = [...nuclei, 'aws.greengrass.TokenExchangeService', 'aws.greengrass.Cli'];
/** What GDK or a custom build of it puts a value in place of. */
const placeholder = /^\{COMPONENT_[A-Z]+\}$|^NEXT_PATCH$/;

/** What a component is called, and what it depends on. */
export const identityRules: readonly Rule[] = [
  {
    id: 'recipe-format-version',
    severity: 'error',
    nucleus: 'classic',
    what: 'RecipeFormatVersion is not 2020-01-25, the only one there is.',
    consequence: 'The recipe is refused.',
    instead: 'Write RecipeFormatVersion: "2020-01-25".',
    bad: 'RecipeFormatVersion: "2021-01-25"',
    good: 'RecipeFormatVersion: "2020-01-25"',
    check: (recipe) => valueOf(recipe, 'RecipeFormatVersion', (text) => (text === '2020-01-25' ? undefined : `expected 2020-01-25, got ${quote(text)}`)),
  },
  {
    id: 'component-name',
    severity: 'error',
    nucleus: 'both',
    what: 'A component name with other characters than letters, digits, `-`, `_` and `.`, or with more than 128.',
    consequence: 'The recipe, or the deployment, is refused.',
    instead: 'Use a name such as com.example.Pump.',
    bad: 'ComponentName: com.example/Pump',
    good: 'ComponentName: com.example.Pump',
    *check(recipe) {
      yield* valueOf(recipe, 'ComponentName', nameProblem);
      for (const entry of recipe.dependencies) {
        const problem = nameProblem(entry.key);
        if (problem !== undefined) yield { at: entry, detail: problem };
      }
    },
  },
  {
    id: 'component-version',
    severity: 'error',
    nucleus: 'both',
    what: 'ComponentVersion is no semantic version, is longer than 64 characters, or has a number above 999999.',
    consequence: 'The recipe is refused.',
    instead: 'Use three numbers, such as 1.2.0.',
    bad: 'ComponentVersion: 1.2',
    good: 'ComponentVersion: 1.2.0',
    check: (recipe) => valueOf(recipe, 'ComponentVersion', versionProblem),
  },
  {
    id: 'gdk-placeholder',
    severity: 'note',
    nucleus: 'gdk',
    what: 'A name or version that is still to be filled in.',
    consequence: 'GDK puts the real one in its place, except in a custom build, which has to do that itself. No nucleus takes the recipe as it is.',
    instead: 'Lint the recipe in greengrass-build/recipes as well.',
    bad: 'ComponentVersion: "{COMPONENT_VERSION}"',
    good: 'ComponentVersion: 1.2.0',
    *check(recipe) {
      for (const name of ['ComponentName', 'ComponentVersion', 'ComponentPublisher']) yield* valueOf(recipe, name, (text) => (placeholder.test(text) || text === '{COMPONENT_AUTHOR}' ? `${text} is a placeholder` : undefined), true);
    },
  },
  {
    id: 'component-type',
    severity: 'error',
    nucleus: 'classic',
    what: 'A ComponentType that does not exist.',
    consequence: 'The recipe is refused.',
    instead: 'Leave it out: aws.greengrass.generic is the default.',
    bad: 'ComponentType: com.example.service',
    good: 'ComponentType: aws.greengrass.generic',
    check: (recipe) => valueOf(recipe, 'ComponentType', (text) => (componentTypes.some((one) => sameWord(one, text)) ? undefined : `${quote(text)} is none of ${componentTypes.join(', ')}`)),
  },
  {
    id: 'component-type-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A Lambda function, a plugin or a nucleus as component.',
    consequence: 'Nucleus lite runs generic components only.',
    instead: 'Make a generic component with a run step, or say that it is for the classic nucleus with a manifest without runtime.',
    bad: 'ComponentType: aws.greengrass.lambda',
    good: 'ComponentType: aws.greengrass.generic',
    check: (recipe) => valueOf(recipe, 'ComponentType', (text) => (text !== 'aws.greengrass.generic' && componentTypes.some((one) => sameWord(one, text)) ? `${quote(text)} is not aws.greengrass.generic` : undefined)),
  },
  {
    id: 'version-requirement',
    severity: 'error',
    nucleus: 'classic',
    what: 'A VersionRequirement that is no version range as npm writes them.',
    consequence: 'The recipe is refused.',
    instead: 'Write a range such as ">=1.0.0 <2.0.0".',
    bad: dependencyOn('newest'),
    good: dependencyOn('>=1.0.0 <2.0.0'),
    check: (recipe) => requirements(recipe, (text) => validRange(text) === null),
  },
  {
    id: 'version-requirement-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A VersionRequirement with more than `=`, `>`, `>=`, `<` and `<=` straight before full versions, one space apart.',
    consequence: 'Nucleus lite compares on the device with these alone: `^`, `~`, `x`, `||` and hyphens match no version. A local deployment fails, and so does one from the cloud when the dependency is there already.',
    instead: 'Write both ends: ">=1.2.0 <2.0.0" for ^1.2.0.',
    bad: dependencyOn('^1.0.0'),
    good: dependencyOn('>=1.0.0 <2.0.0'),
    check: (recipe) => requirements(recipe, (text, name) => !liteBuiltIn.includes(name) && validRange(text) !== null && !/^(?:(?:[<>]=?|=)?\d+\.\d+\.\d+[^\s|]*(?: |$))*$/.test(text)),
  },
  {
    id: 'self-dependency',
    severity: 'error',
    nucleus: 'both',
    what: 'A component depends on itself.',
    consequence: 'The deployment fails: there is no order to start it in.',
    instead: 'Remove the entry; its own variables need no name in front.',
    bad: dependencyOn('>=1.0.0 <2.0.0').replace('Runtime', 'Pump'),
    good: dependencyOn('>=1.0.0 <2.0.0'),
    *check(recipe) {
      for (const entry of recipe.dependencies) if (entry.key === recipe.name) yield { at: entry, detail: 'is the component itself' };
    },
  },
  {
    id: 'dependency-type',
    severity: 'error',
    nucleus: 'both',
    what: 'A DependencyType that is neither HARD nor SOFT.',
    consequence: 'The classic nucleus refuses the recipe; nucleus lite takes it for SOFT.',
    instead: 'Write HARD or SOFT.',
    bad: dependencyOn('>=1.0.0 <2.0.0').replace('HARD', 'STRONG'),
    good: dependencyOn('>=1.0.0 <2.0.0'),
    *check(recipe) {
      for (const { value } of recipe.dependencies) {
        const type = field(value, 'DependencyType');
        const text = textOf(type?.value);
        if (type !== undefined && text !== undefined && !['hard', 'soft'].includes(text.toLowerCase())) yield { at: type, detail: `expected HARD or SOFT, got ${quote(text)}` };
      }
    },
  },
  {
    id: 'dependency-hard-lite',
    severity: 'warning',
    nucleus: 'lite',
    what: 'A HARD dependency.',
    consequence: 'Nucleus lite binds the units: when the other one fails, this one is stopped with it, and stays down when the other one is back.',
    instead: 'Leave DependencyType out, which is HARD for the classic nucleus and no relation for nucleus lite, and wait in the program for what it needs.',
    bad: dependencyOn('>=1.0.0 <2.0.0'),
    good: dependencyOn('>=1.0.0 <2.0.0').replace(/\n.*HARD/, ''),
    *check(recipe) {
      for (const entry of typedDependencies(recipe)) if (textOf(entry.type?.value)?.toLowerCase() === 'hard') yield { at: entry.type ?? entry.dependency, detail: 'is HARD' };
    },
  },
  {
    id: 'dependency-type-missing',
    severity: 'note',
    nucleus: 'lite',
    what: 'A dependency without DependencyType.',
    consequence: 'The classic nucleus takes it for HARD. Nucleus lite writes no relation between the units: they start in any order.',
    instead: 'Write SOFT if nucleus lite has to start the other one first; see dependency-hard-lite for HARD.',
    bad: dependencyOn('>=1.0.0 <2.0.0').replace(/\n.*HARD/, ''),
    good: dependencyOn('>=1.0.0 <2.0.0').replace('HARD', 'SOFT'),
    *check(recipe) {
      for (const { dependency, type } of typedDependencies(recipe)) if (type === undefined) yield { at: dependency, detail: 'has no DependencyType' };
    },
  },
];

/** The dependencies that nucleus lite would relate to a unit. */
function typedDependencies(recipe: Recipe): { dependency: Recipe['dependencies'][number]; type: ReturnType<typeof field> }[] {
  return recipe.dependencies.filter(({ key, value }) => !nuclei.includes(key) && value.kind === 'map').map((dependency) => ({ dependency, type: field(dependency.value, 'DependencyType') }));
}

function dependencyOn(range: string): string {
  return `ComponentDependencies:\n  com.example.Runtime:\n    VersionRequirement: "${range}"\n    DependencyType: HARD`;
}

function* valueOf(recipe: Recipe, name: string, problem: (text: string) => string | undefined, placeholders = false): Iterable<Violation> {
  const entry = field(recipe.root, name);
  const text = textOf(entry?.value);
  if (entry === undefined || text === undefined || text === '' || (!placeholders && placeholder.test(text))) return;
  const detail = problem(text);
  if (detail !== undefined) yield { at: entry, detail };
}

function* requirements(recipe: Recipe, isWrong: (text: string, dependency: string) => boolean): Iterable<Violation> {
  for (const { key, value } of recipe.dependencies) {
    const entry: Entry | undefined = field(value, 'VersionRequirement');
    const text = textOf(entry?.value);
    if (entry !== undefined && text !== undefined && isWrong(text, key)) yield { at: entry, detail: `${quote(text)} is not such a range` };
  }
}

function nameProblem(name: string): string | undefined {
  if (name.length > 128) return `has ${name.length} characters, expected at most 128`;
  return namePattern.test(name) ? undefined : `${quote(name)} has characters other than letters, digits, -, _ and .`;
}

function versionProblem(text: string): string | undefined {
  const version = parse(text);
  if (version === null || !/^\d/.test(text) || text !== text.trim()) return `expected a semantic version such as 1.0.0, got ${quote(text)}`;
  if (text.length > 64) return `has ${text.length} characters, expected at most 64`;
  return Math.max(version.major, version.minor, version.patch) > 999_999 ? `${quote(text)} has a number above 999999` : undefined;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
